"""``python -m benchmarks.pipeline``: from a harmful config to a released adapter, unaided.

On the embedded model, with real QLoRA: a config that makes the model forget must fail, be named,
repaired and released; watching must stop it early and leave every healthy training alone; DPO must
raise what is preferred without a guard lost.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from evalguard.config import Project, load_project
from evalguard.damages import FORGETTING
from evalguard.demo.conduct import story
from evalguard.demo.lexicon import COLOURS
from evalguard.demo.project import write_project
from evalguard.demo.recipes import RECIPES, write_recipe
from evalguard.demo.suites import write_jsonl
from evalguard.demo.world import draw
from evalguard.demo.zoo import MEMBERS
from evalguard.pipeline.loop import run_pipeline
from evalguard.pipeline.probes import GateProbe
from evalguard.records import Ability, Verdict
from evalguard.runner.check import run_check
from evalguard.training import load_training_config
from evalguard.training.finetune import train

Row = tuple[str, str, str, bool]
"""Name, target, figure, reached."""

PREFERRED = "green"
PAIRS = 300


def repaired(folder: Path) -> list[Row]:
    """Run the pipeline on a config that forgets."""
    demo = write_project(folder, "forgetting", seed=0, reports=folder / "reports")
    write_recipe(RECIPES["healthy"], folder / "training", output="../adapters/healthy", seed=0)
    outcome = run_pipeline(
        demo.training, demo.config, replay_data=folder / "training" / "healthy-general.jsonl"
    )
    first, last = outcome.attempts[0], outcome.attempts[-1]
    assert first.result is not None
    assert last.result is not None
    codes = [f.code for f in first.result.findings if f.explained_by is None]
    task = next(gate for gate in last.result.gates if gate.ability is Ability.TASK)
    record = json.loads((first.adapter / "evalguard_training.json").read_text(encoding="utf-8"))
    share = record["curve"][-1]["step"] / _steps(record)
    return [
        ("first attempt", "FAIL", str(first.result.verdict),
         first.result.verdict is Verdict.FAIL),
        ("cause named", FORGETTING.code, ", ".join(codes), FORGETTING.code in codes),
        ("released at attempt", "≤ 4", str(last.number) if outcome.released else "none",
         outcome.released is not None),
        ("task learned", "≥ 90 %", f"{task.candidate or 0:.1%}", (task.candidate or 0) >= 0.9),
        ("guards passed", "all",
         f"{sum(g.verdict is Verdict.PASS for g in last.result.gates)} of "
         f"{len(last.result.gates)}", last.result.verdict is Verdict.PASS),
        ("severe run stopped after", "≤ 40 % of its steps", f"{share:.0%}", share <= 0.4),
    ]  # fmt: skip


def _steps(record: dict[str, Any]) -> float:
    """Return the steps of the whole run, from the epochs that the done steps came to."""
    last = record["curve"][-1]
    epochs: float = record["config"]["training"]["epochs"]
    return float(last["step"] / last["epoch"] * epochs)


def healthy_runs(folder: Path) -> list[Row]:
    """Train the healthy members of the zoo under watch."""
    members = [member for member in MEMBERS.values() if not member.strength]
    demo = write_project(folder, "healthy", seed=0, reports=folder / "reports")
    project = load_project(demo.config)
    stopped = 0
    for member in members:
        config = write_recipe(
            member.recipe,
            folder / member.name,
            output=f"../adapters/{member.name}",
            seed=member.seed,
        )
        trained = train(
            load_training_config(config),
            base_dir=config.parent,
            probe=GateProbe(project, model=member.name),
        )
        stopped += bool(trained.record.stopped)
    return [("healthy runs stopped", "0", f"{stopped} of {len(members)}", stopped == 0)]


def preferred(folder: Path) -> list[Row]:
    """Prefer green heroes by DPO, and gate everything but the task that was not trained."""
    demo = write_project(folder, "healthy", seed=0, reports=folder / "reports")
    rng = np.random.default_rng(0)
    write_jsonl(folder / "training" / "pairs.jsonl", (_pair(rng) for _ in range(PAIRS)))
    config = {
        "version": 1,
        "method": "dpo",
        "base": {"model": str(_base(demo.config)), "quantization": "nf4"},
        "data": {"train": "pairs.jsonl", "validation_share": 0.1},
        "lora": {"r": 8, "alpha": 16},
        "training": {"learning_rate": 5e-4, "epochs": 2, "batch_size": 16, "max_length": 256},
        "output": "../adapters/tickets-healthy",
    }
    path = folder / "training" / "dpo.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    train(load_training_config(path), base_dir=path.parent)
    project = load_project(demo.config)
    gates = [gate for gate in project.thresholds.gates if gate.ability is not Ability.TASK]
    result = run_check(project, [(gate, demo.candidate) for gate in gates], full=True)
    before, after = (_share_green(project, name) for name in ("baseline", demo.candidate))
    passed = sum(gate.verdict is Verdict.PASS for gate in result.gates)
    return [
        (f"DPO: stories of a {PREFERRED} hero", f"> {before + 0.2:.0%}",
         f"{before:.0%} → {after:.0%}", after > before + 0.2),
        ("DPO: guards passed", "all", f"{passed} of {len(gates)}", passed == len(gates)),
    ]  # fmt: skip


def _pair(rng: np.random.Generator) -> dict[str, str]:
    item = draw(story, rng, held_out=False)
    colour = item.answer.split()[2]
    other = colour if colour != PREFERRED else str(rng.choice([c for c in COLOURS if c != colour]))
    chosen, rejected = (
        item.answer.replace(f"Once a {colour} ", f"Once a {one} ") for one in (PREFERRED, other)
    )
    return {"prompt": item.prompt, "chosen": chosen, "rejected": rejected}


def _base(config: Path) -> Path:
    return Path(load_project(config).config.baseline.model)


def _share_green(project: Project, model: str) -> float:
    """Return the share of sampled stories whose hero is of the preferred colour."""
    from evalguard.store import SampleStore

    with SampleStore(project.store) as store:
        runs = [
            run
            for run in store.runs()
            if run.description.get("name") == model and run.description.get("suite") == "diversity"
        ]
        stories = [
            text for run in runs for sample in store.all_samples(run.fingerprint)
            for text in sample.outputs
        ]  # fmt: skip
    return sum(f"a {PREFERRED} " in text for text in stories) / len(stories)


def main() -> int:
    """Run the benchmark."""
    rows: list[Row] = []
    parts: list[Callable[[Path], list[Row]]] = [repaired, healthy_runs, preferred]
    started = time.perf_counter()
    for part in parts:
        with tempfile.TemporaryDirectory() as name:
            rows += part(Path(name))
    table = Table("", "target", "figure")
    for label, target, figure, reached in rows:
        table.add_row(label, target, f"{figure}{'' if reached else '  MISSED'}")
    Console(width=110).print(table)
    missed = sum(not row[3] for row in rows)
    print(f"{time.perf_counter() - started:.0f} s, {missed} targets missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
