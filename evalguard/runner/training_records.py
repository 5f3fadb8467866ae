"""The record of its training next to an adapter, and what it says of the base to evaluate on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from evalguard.config import ModelSpec
from evalguard.errors import DataError, ModelError
from evalguard.records import TRAINING_RECORD, TrainingRecord, from_json
from evalguard.store import SampleStore


def read_training_record(adapter: str | None) -> TrainingRecord | None:
    """Return the training record next to an adapter, if there is one.

    Raises:
        DataError: If it is there but cannot be read.
    """
    path = Path(adapter or "") / TRAINING_RECORD
    if adapter is None or not path.is_file():
        return None
    try:
        return from_json(TrainingRecord, json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise DataError(
            f"{path}: not a training record that this version can read: "
            f"{str(error).splitlines()[0]}. Remove it to gate the adapter without its training."
        ) from error


def check_trained_on(spec: ModelSpec, store: SampleStore) -> None:
    """Check that an adapter is evaluated on the base that it was trained on.

    Raises:
        DataError: If its training record cannot be read.
        ModelError: If the record names another base.
    """
    record = read_training_record(spec.adapter)
    if record is None or not Path(spec.model).is_dir():
        return
    base = store.folder_fingerprint(spec.model)
    if record.base_fingerprint and record.base_fingerprint != base:
        raise ModelError(
            f"{spec.adapter}: trained on another model: its record names '{record.base_model}' "
            f"with hash {record.base_fingerprint[:12]}, but '{spec.model}' has {base[:12]}. "
            "Point the baseline to the model that the adapter was trained on, or retrain it on "
            "this one."
        )


def set_up_notes(spec: ModelSpec, record: TrainingRecord | None) -> Iterator[str]:
    """Yield what a reader should know of how a model was set up."""
    if spec.thinking == "off":
        yield "thinking is scored as part of the answer (thinking: off)"
    if spec.engine.options.get("trust_route"):
        yield "the project vouches for its route on the server (trust_route)"
    trained_on = (record.config.get("base") or {}).get("quantization") if record else None
    if trained_on and trained_on != spec.quantization:
        names = {"none": "full precision"}
        yield (
            f"trained on a base in {names.get(trained_on, trained_on)}, evaluated on a base in "
            f"{names.get(spec.quantization, spec.quantization)}; evaluate the precision that you "
            "will serve"
        )
