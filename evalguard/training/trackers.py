"""Where else a run's curves go: TensorBoard, MLflow, Weights & Biases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
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
