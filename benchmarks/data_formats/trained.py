"""Trains on a form through the command line, and keeps the batches that reach the model."""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.data_formats.forms.registry import Form
from benchmarks.data_formats.models import base_folder

TRAINING = {
    "epochs": 1,
    "batch_size": 64,
    "learning_rate": 1e-4,
    "schedule": "constant",
    "warmup_share": 0,
    "max_length": 512,
}
"""One step over all rows of a form."""

RECORD = "evalguard_training.json"


@dataclass(frozen=True, slots=True)
class Result:
    """What a training made of a form.

    Attributes:
        code: Exit code.
        output: What was printed, without the progress of the steps.
        lessons: What the model was trained on, in the shape of :meth:`Renderer.lessons`.
        faults: What is wrong with the batches themselves.
        record: The training record; empty where none was written.
        seconds: Time that it took.
    """

    code: int
    output: str
    lessons: tuple[Any, ...] = ()
    faults: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def crashed(self) -> bool:
        """Whether a traceback was printed."""
        return "Traceback (most recent call last)" in self.output


def train_on(form: Form, folder: Path, *, bases: Path) -> Result:
    """Write the files of a form and run ``evalguard train`` for one step.

    Args:
        form: What to train on.
        folder: A new folder for its files.
        bases: Where the bases are.
    """
    folder.mkdir(parents=True)
    for name, content in form.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    held_out = {} if "validation" in form.data else {"validation_share": 0}
    config = {
        "version": 1,
        "method": form.method,
        "base": {"model": str(base_folder(form.base, bases)), "quantization": "none"},
        "lora": {"r": 2, "alpha": 4},
        "data": {"train": next(iter(form.files)), **held_out, **form.data},
        "training": {**TRAINING, **form.training},
        "output": "adapter",
    }
    path = folder / "train.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    started = time.perf_counter()
    with _kept_batches() as batches:
        code, output = _run(["train", str(path)])
    seconds = time.perf_counter() - started
    for shown in (str(folder), os.path.relpath(folder)):  # its words are no message
        output = output.replace(shown + os.sep, "")
    lessons, faults = _lessons(batches)
    record = folder / "adapter" / RECORD
    written = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    return Result(code, output, lessons, faults, written, seconds)


def _run(arguments: list[str]) -> tuple[int, str]:
    from evalguard.cli import main

    out = io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        _wide(),
    ):
        try:
            code = main(arguments)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            traceback.print_exc()
            code = 3
    return code, out.getvalue()


@contextlib.contextmanager
def _wide() -> Iterator[None]:
    """Keep rich from breaking lines."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "4000"
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


@contextlib.contextmanager
def _kept_batches() -> Iterator[list[dict[str, Any]]]:
    """Keep a copy of every batch that a training step gets."""
    import transformers

    kept: list[dict[str, Any]] = []
    original = transformers.Trainer.training_step

    def step(self: Any, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        kept.append(
            {name: value.tolist() for name, value in inputs.items() if hasattr(value, "tolist")}
        )
        return original(self, model, inputs, *rest, **named)

    transformers.Trainer.training_step = step
    try:
        yield kept
    finally:
        transformers.Trainer.training_step = original


def _lessons(batches: list[dict[str, Any]]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    lessons: list[Any] = []
    faults: list[str] = []
    for batch in batches:
        if "label" in batch:
            rows = zip(_answers(batch, ""), batch["label"], strict=True)
            lessons += [(*answer, bool(label)) for answer, label in rows]
        elif "completion_mask" in batch:
            answers = _answers(batch, "")
            half = len(answers) // 2
            for chosen, rejected in zip(answers[:half], answers[half:], strict=True):
                if chosen[0] != rejected[0]:
                    faults.append("the two answers of a preference have different prompts")
                lessons.append((*chosen, rejected[1]))
        elif "chosen_labels" in batch:
            lessons += _of_concatenated(batch)
        elif "labels" in batch:
            found, wrong = _of_labels(batch)
            lessons += found
            faults += wrong
        else:
            faults.append(f"batch of another form: {', '.join(batch)}")
    return tuple(lessons), tuple(faults)


def _answers(batch: Mapping[str, Any], prefix: str) -> list[tuple[tuple[int, ...], ...]]:
    """Return prompt and answer of each row; what is padded is left out."""
    answers: list[tuple[tuple[int, ...], ...]] = []
    columns = (batch[prefix + key] for key in ("input_ids", "attention_mask", "completion_mask"))
    for ids, attended, learnt in zip(*columns, strict=True):
        real = [(i, m) for i, a, m in zip(ids, attended, learnt, strict=True) if a]
        prompt = tuple(i for i, m in real if not m)
        answer = tuple(i for i, m in real if m)
        assert tuple(i for i, _ in real) == prompt + answer, "loss within the prompt"
        answers.append((prompt, answer))
    return answers


def _of_concatenated(batch: Mapping[str, Any]) -> list[Any]:
    """Return the lessons of ORPO and CPO, whose answers hold their prompts."""
    lessons = []
    for row in range(len(batch["chosen_labels"])):
        found = []
        for side in ("chosen", "rejected"):
            labels = batch[f"{side}_labels"][row]
            kept = [
                (i, label)
                for i, a, label in zip(
                    batch[f"{side}_input_ids"][row],
                    batch[f"{side}_attention_mask"][row],
                    labels,
                    strict=True,
                )
                if a
            ]
            prompt = tuple(i for i, label in kept if label == -100)
            found.append((prompt, tuple(i for i, label in kept if label != -100)))
        (prompt, chosen), (_, rejected) = found
        lessons.append((prompt, chosen, rejected))
    return lessons


def _of_labels(batch: Mapping[str, Any]) -> tuple[list[Any], list[str]]:
    """Return a lesson for each run of tokens with loss: what is before it, and the run."""
    lessons: list[Any] = []
    faults: list[str] = []
    for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
        if any(label not in (-100, i) for i, label in zip(ids, labels, strict=True)):
            faults.append("labels that are not the next tokens")
        begun: int | None = None
        for place in range(1, len(ids) + 1):  # the first token follows nothing, so it has no loss
            learnt = place < len(ids) and labels[place] != -100
            if learnt and begun is None:
                begun = place
            elif not learnt and begun is not None:
                lessons.append((tuple(ids[:begun]), tuple(ids[begun:place])))
                begun = None
    return lessons, faults
