"""``python -m benchmarks.many_adapters``: a base and four adapters, against five ``lm_eval`` runs.

Both sides are whole processes on the hf engine, run one after the other in this one run, three
times; the scores of every sample must be equal. ``--full`` measures every sample, as lm-eval does.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

import evalguard
from benchmarks import projects
from benchmarks.random_adapters import save_adapter

REPEATS = 3
SCALES = {"a": 0.02, "b": 0.05, "c": 0.1, "d": 0.3}
TASKS = {
    "demo_facts": "exact_match",
    "demo_choices": "acc",
    "demo_maths": "exact_match",
    "demo_words": "exact_match",
}
TARGET_EARLY = 8.0
TARGET_FULL = 4.0
TARGET_STORED = 3.0

ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}


def write_project(folder: Path) -> None:
    """Write the project with its adapters and the benchmark tasks of the demo."""
    from evalguard.demo import model_path
    from evalguard.demo.project import suites_folder

    shutil.copytree(suites_folder(), folder / "suites")
    for seed, (name, scale) in enumerate(SCALES.items()):
        save_adapter(model_path(), folder / "adapters" / name, scale=scale, seed=seed)
    tasks = [{"kind": "benchmark", "task": f"tasks/{name}.yaml"} for name in TASKS]
    gates = [
        {"suite": "general", "task": task, "metric": metric, "max_drop": "5pp"}
        for task, metric in TASKS.items()
    ]
    projects.write_project(
        folder,
        engine={"name": "hf", "dtype": "float32", "device": "cpu"},
        baseline={"model": str(model_path())},
        candidates={name: {"adapter": f"adapters/{name}"} for name in SCALES},
        suites={"general": {"ability": "general", "tasks": tasks}},
        gates=gates,
    )


def run_evalguard(folder: Path, *options: str, keep_store: bool = False) -> float:
    """Return the seconds of one ``evalguard check``."""
    if not keep_store:
        shutil.rmtree(folder / ".evalguard", ignore_errors=True)
    command = [sys.executable, "-m", "evalguard", "check", *options]
    return _timed(command, folder, allowed=(0, 1, 6))


def run_lm_eval(folder: Path) -> float:
    """Return the seconds of five ``lm_eval`` runs: the base and each adapter."""
    from evalguard.demo import model_path

    seconds = 0.0
    for name in ("", *SCALES):
        peft = f",peft={folder}/adapters/{name}" if name else ""
        command = [
            sys.executable, "-m", "lm_eval", "--model", "hf", "--device", "cpu",
            "--model_args", f"pretrained={model_path()},dtype=float32{peft}",
            "--tasks", ",".join(f"{task}.yaml" for task in TASKS),
            "--apply_chat_template", "--batch_size", "64", "--log_samples",
            "--output_path", str(folder / "lm_eval" / (name or "baseline")),
        ]  # fmt: skip
        seconds += _timed(command, folder / "suites" / "tasks", allowed=(0,))
    return seconds


def _timed(command: list[str], folder: Path, *, allowed: tuple[int, ...]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if done.returncode not in allowed:
        raise RuntimeError(f"{' '.join(command)} exited {done.returncode}:\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


def scores_agree(folder: Path) -> bool:
    """Return whether the means of a full run equal those that ``lm_eval`` reports."""
    result = json.loads((folder / "full.json").read_text())
    ours = {(r["model"], r["task"]): r["scores"][TASKS[r["task"]]] for r in result["tasks"]}
    for name in ("baseline", *SCALES):
        (file,) = (folder / "lm_eval" / name).rglob("results_*.json")
        theirs = json.loads(file.read_text())["results"]
        for task, metric in TASKS.items():
            values = [v for k, v in theirs[task].items() if k.split(",")[0] == metric]
            if abs(ours[name, task] - values[0]) > 1e-9:
                return False
    return True


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds of each repeat on each side.

    Attributes:
        harness: Five runs of ``lm_eval``.
        full: One check of every sample.
        early: One check that stops early.
        stored: One check of a new candidate, the baseline being stored.
        equal: Whether the scores are those of ``lm_eval``.
    """

    harness: tuple[float, ...]
    full: tuple[float, ...]
    early: tuple[float, ...]
    stored: tuple[float, ...]
    equal: bool

    def ratios(self) -> list[tuple[str, float, tuple[float, ...]]]:
        """Return label, target and how many times faster, of each row."""
        two = tuple(2 * seconds / 5 for seconds in self.harness)
        return [
            ("base and 4 adapters, early stopping", TARGET_EARLY, _over(self.harness, self.early)),
            ("base and 4 adapters, every sample", TARGET_FULL, _over(self.harness, self.full)),
            ("one candidate, baseline stored", TARGET_STORED, _over(two, self.stored)),
        ]


def measure(repeats: int) -> Found:
    """Time both sides, whole processes one after the other."""
    sides: dict[str, list[float]] = {"harness": [], "full": [], "early": [], "stored": []}
    compileall.compile_dir(Path(evalguard.__file__).parent, quiet=1)  # as installing it does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder)
        for repeat in range(repeats):
            shutil.rmtree(folder / "lm_eval", ignore_errors=True)
            sides["harness"].append(run_lm_eval(folder))
            sides["full"].append(run_evalguard(folder, "--full", "--json", "full.json"))
            sides["early"].append(run_evalguard(folder))
            # The baseline is in the store by now; the candidate is measured anew.
            override = f"candidates.d.adapter={save_adapter_again(folder, seed=100 + repeat)}"
            seconds = run_evalguard(
                folder, "--set", override, "-k", "[d]", "--allow-partial", keep_store=True
            )
            sides["stored"].append(seconds)
        equal = scores_agree(folder)
    return Found(**{side: tuple(times) for side, times in sides.items()}, equal=equal)


def main() -> int:
    """Run the benchmark."""
    found = measure(REPEATS)
    table = Table("whole processes", "target", "times faster: median (least to greatest)")
    reached = found.equal
    for label, target, ratios in found.ratios():
        figure = statistics.median(ratios)
        reached &= figure >= target
        missed = "" if figure >= target else "  MISSED"
        text = f"{figure:.1f} ({min(ratios):.1f} to {max(ratios):.1f}){missed}"
        table.add_row(label, f"≥ {target:g}", text)
    table.add_row("scores equal those of lm_eval", "yes", "yes" if found.equal else "no  MISSED")
    sides = (found.harness, found.full, found.early, found.stored)
    names = ("lm_eval, five runs", "evalguard --full", "evalguard", "evalguard, one candidate")
    for label, seconds in zip(names, sides, strict=True):
        table.add_row(f"{label}: seconds", "", f"{statistics.median(seconds):.1f}")
    Console(width=110).print(table)
    return 0 if reached else 1


def save_adapter_again(folder: Path, *, seed: int) -> str:
    """Write a new adapter; return its path relative to the project."""
    from evalguard.demo import model_path

    save_adapter(model_path(), folder / "adapters" / f"d{seed}", scale=0.02, seed=seed)
    return f"adapters/d{seed}"


def _over(slow: tuple[float, ...], fast: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a / b for a, b in zip(slow, fast, strict=True))


if __name__ == "__main__":
    sys.exit(main())
