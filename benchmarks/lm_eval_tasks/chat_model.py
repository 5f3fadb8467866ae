"""``python -m benchmarks.lm_eval_tasks.chat_model --model FOLDER``: tasks on a chat model.

An adapter of the model is trained on the solved examples of three tasks, and each task is checked
with one gate: the base against the adapter. Exits 1 if a task reaches no verdict or an answer could
not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks import projects
from benchmarks.lm_eval_tasks.comparison import DECISIONS
from benchmarks.lm_eval_tasks.manifest import ROWS, read_manifests
from benchmarks.lm_eval_tasks.sides import ADAPTER, CANDIDATE, environment, one_line
from benchmarks.lm_eval_tasks.task_files import write_task

MAX_NEW_TOKENS = 48

HEADER = (
    "task", "metric", "samples", "base", "adapter", "verdict", "seconds", "unmeasured", "reason",
)  # fmt: skip

GATES = {
    "arc_easy": ("acc", "30pp"),
    "hellaswag": ("acc_norm", "30pp"),
    "piqa": ("acc", "30pp"),
    "winogrande": ("acc", "30pp"),
    "sciq": ("acc", "30pp"),
    "bbq": ("acc", "30pp"),
    "lambada_openai": ("acc", "20pp"),
    "wikitext": ("nats_per_word", "0.5 nats"),
    "coqa": ("f1", "30pp"),
    "wmt16-en-de": ("bleu", "5 points"),
    "ifeval": ("inst_level_loose_acc", "20pp"),
}
"""The tasks, each with the metric and the margin of its gate.

A margin is less than what SmolLM2-135M-Instruct scores, so that a candidate could fail; about ten
rows decide little.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What the check of one task found.

    Attributes:
        task: Name of the task.
        metric: The gate's metric.
        samples: Samples measured.
        scores: Of the base and of the adapter.
        verdict: Of the gate; empty where the check failed.
        seconds: Of the whole check, loading the model included.
        unmeasured: Samples that could not be measured, and the first reason.
        reason: Why there is no verdict.
    """

    task: str
    metric: str
    samples: int = 0
    scores: tuple[float | None, float | None] = (None, None)
    verdict: str = ""
    seconds: float = 0.0
    unmeasured: int = 0
    reason: str = ""

    @property
    def reached(self) -> bool:
        """Whether the gate decided on answers that were all measured; an ERROR decides nothing."""
        return self.verdict in DECISIONS and not self.unmeasured

    def cells(self) -> tuple[str, ...]:
        """Return the text of each column."""
        scores = ("–" if score is None else f"{score:.3g}" for score in self.scores)
        verdict = self.verdict or "NONE"
        counts = f"{self.seconds:.0f}", str(self.unmeasured)
        return (
            self.task, f"`{self.metric}`", str(self.samples), *scores, verdict, *counts, self.reason
        )  # fmt: skip


def solved_examples() -> Iterator[dict[str, str]]:
    """Yield the few-shot examples of three tasks as prompt and completion."""
    for row in _rows("arc/train"):
        choices = row["choices"]
        right = choices["text"][choices["label"].index(row["answerKey"])]
        yield {"prompt": row["question"], "completion": str(right)}
    for row in _rows("gsm8k/train"):
        yield {"prompt": row["question"], "completion": row["answer"]}
    for row in _rows("triviaqa/train"):
        yield {"prompt": row["question"], "completion": row["answer"]["value"]}


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (ROWS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def train_adapter(model: Path, folder: Path, *, epochs: int) -> float:
    """Train an adapter of a model into a project; return the seconds."""
    from evalguard.demo.suites import write_jsonl
    from evalguard.training import load_training_config
    from evalguard.training.finetune import train

    write_jsonl(folder / "training" / "solved.jsonl", solved_examples())
    config = {
        "version": 1,
        "method": "sft",
        "base": {"model": str(model), "quantization": "none"},
        "data": {"train": "solved.jsonl"},
        "lora": {"r": 8, "alpha": 16},
        "training": {
            "learning_rate": 2e-4,
            "epochs": epochs,
            "batch_size": 6,
            "max_length": 256,
        },
        "output": f"../{ADAPTER}",
    }
    path = folder / "training" / "solved.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    started = time.perf_counter()
    train(load_training_config(path), base_dir=path.parent)
    return time.perf_counter() - started


def write_checks(model: Path, folder: Path, tasks: Sequence[str], *, chat: bool) -> Path:
    """Write a project with a suite and a gate for each task; return its file."""
    files = folder / "suites" / "tasks"
    files.mkdir(parents=True, exist_ok=True)
    for entry in read_manifests():
        if entry.task in tasks:
            write_task(entry, files, max_new_tokens=MAX_NEW_TOKENS)
    suites = {
        name: {
            "ability": "general",
            "tasks": [
                {"kind": "benchmark", "task": f"tasks/{name}.yaml", "allow_code_execution": True}
            ],
        }
        for name in tasks
    }
    return projects.write_project(
        folder,
        engine={"name": "hf", "dtype": "float32", "device": "cpu"},
        baseline={"model": str(model)},
        candidates={CANDIDATE: {"adapter": ADAPTER}},
        suites=suites,
        gates=[
            {"suite": name, "metric": metric, "max_drop": margin}
            for name, (metric, margin) in GATES.items()
            if name in tasks
        ],
        chat_template=chat,
    )


def check_task(config: Path, task: str) -> Found:
    """Check one task of a project."""
    from evalguard.config import load_project
    from evalguard.runner.check import run_check
    from evalguard.store import SampleStore

    started = time.perf_counter()
    metric = GATES[task][0]
    try:
        project = load_project(config)
        [gate] = [one for one in project.thresholds.gates if one.suite == task]
        result = run_check(project, [(gate, CANDIDATE)], full=True)
    except Exception as error:  # noqa: BLE001 - one task must not hide the others
        seconds = time.perf_counter() - started
        return Found(task, metric, seconds=seconds, reason=one_line(error))
    [decided] = result.gates
    with SampleStore(project.store) as store:
        errors = [
            sample.error
            for run in result.tasks
            for sample in store.all_samples(run.fingerprint)
            if sample.error
        ]
    verdict = str(decided.verdict)
    reason = "" if verdict in DECISIONS else decided.reason
    return Found(
        task,
        metric,
        samples=max(run.samples for run in result.tasks),
        scores=(decided.baseline, decided.candidate),
        verdict=verdict,
        seconds=time.perf_counter() - started,
        unmeasured=len(errors),
        reason="; ".join(filter(None, [reason, *errors[:1]])),
    )


def main() -> int:
    """Train, check and print the table."""
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or f"{name}/project").resolve()
        os.environ.update(environment(Path(name, "cache")))  # no file of the project
        model = options.model.resolve()
        seconds = train_adapter(model, folder, epochs=options.epochs)
        print(f"the adapter was trained in {seconds:.0f} s", flush=True)
        config = write_checks(model, folder, options.only, chat=options.chat)
        found = []
        for task in options.only:
            found.append(check_task(config, task))
            print(f"{task}: {found[-1].verdict or found[-1].reason}", file=sys.stderr, flush=True)
    if options.markdown:
        rows = [HEADER, ("---",) * len(HEADER), *(one.cells() for one in found)]
        print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    else:
        table = Table(*HEADER)
        for one in found:
            table.add_row(*one.cells())
        Console(width=options.width).print(table, markup=False)
    reached = sum(one.reached for one in found)
    total = sum(one.seconds for one in found)
    print(f"\n{reached} of {len(found)} tasks reach a verdict; {seconds + total:.0f} s")
    return 0 if reached == len(found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lm_eval_tasks.chat_model")
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--only", action="append", choices=list(GATES), help="one task; may be repeated"
    )
    parser.add_argument("--epochs", type=int, default=3, help="of the adapter's training")
    parser.add_argument("--chat", action="store_true", help="apply the chat template")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the project there")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--width", type=int, default=160, help="of the table, in characters")
    options = parser.parse_args()
    options.only = options.only or list(GATES)
    return options


if __name__ == "__main__":
    sys.exit(main())
