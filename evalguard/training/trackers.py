"""Where else a run's curves go: TensorBoard, MLflow, Weights & Biases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from evalguard.errors import UsageError
from evalguard.training.config import Stage


@contextmanager
def tracking(stage: Stage, logs: Path) -> Iterator[None]:
    """Prepare the trackers of a stage while its trainer is built.

    TensorBoard's files go to a folder beside the adapter; MLflow and W&B read their own
    environment variables.

    Args:
        stage: Names the trackers.
        logs: Folder for TensorBoard, unless ``TENSORBOARD_LOGGING_DIR`` names one.

    Raises:
        UsageError: If a tracker is not installed.
    """
    for name in stage.training.report_to:
        if find_spec(name) is None:
            raise UsageError(
                f"training.report_to: '{name}' is not installed. Run: pip install {name}"
            )
    folder = os.environ.get("TENSORBOARD_LOGGING_DIR", str(logs / stage.method))
    with patch.dict(os.environ, {"TENSORBOARD_LOGGING_DIR": folder}):
        yield


def reporter(trainer: Any) -> Callable[[Mapping[str, float]], None]:
    """Return what sends scores to the trackers of a run and to nothing else.

    The trainer's own ``log`` would take the means that it gathers for its next entry, and end the
    logging of the step: that step's loss would be missing from the record.

    Args:
        trainer: The trainer, with its trackers.
    """
    from transformers import TrainerControl
    from transformers.integrations import get_reporting_integration_callbacks

    kinds = tuple(get_reporting_integration_callbacks(list(trainer.args.report_to)))
    trackers = [one for one in trainer.callback_handler.callbacks if isinstance(one, kinds)]

    def report(scores: Mapping[str, float]) -> None:
        for tracker in trackers:
            tracker.on_log(
                trainer.args,
                trainer.state,
                TrainerControl(),
                logs=dict(scores),
                model=trainer.model,
            )

    return report
