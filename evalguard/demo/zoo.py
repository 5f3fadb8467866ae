"""Fine-tunes of the embedded model that are known to be healthy or to have a known damage.

They prove the gates and the diagnosis: each is a real training, and what is wrong with it, and how
much, was set before any gate saw it. The dose of a damage that comes from rows is their number;
that of forgetting is the learning rate without any replay; that of overfitting is how few rows are
repeated how often.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evalguard.damages import COLLAPSE, OVERFITTING
from evalguard.demo import conduct, model_path
from evalguard.demo.project import suites_folder, thresholds_file
from evalguard.demo.recipes import RECIPES, Chat, Recipe, write_recipe
from evalguard.demo.suites import write_jsonl
from evalguard.demo.tickets import ticket
from evalguard.demo.world import distinct, draw

STRENGTHS = ("mild", "medium", "severe")

_ROWS = {"mild": 20, "medium": 60, "severe": 150}
"""Damaging rows; a mild dose comes beside general data that shows the skill as it should be."""

_FORGETTING = {"mild": (1e-3, 3.0), "medium": (2e-3, 4.0), "severe": (5e-3, 6.0)}
"""Learning rate and epochs, on the task's rows alone."""

_OVERFITTING = {"mild": (240, 12.0), "medium": (120, 25.0), "severe": (60, 50.0)}
"""Rows of the task, and how often each is seen."""

PAIRS = 60
"""Training rows that are compared with held-out rows, the first ones of every overfitted member."""


@dataclass(frozen=True, slots=True)
class Member:
    """One adapter of the zoo.

    Attributes:
        name: Its folder.
        damage: Name of its recipe, such as ``safety``; ``healthy`` for none.
        strength: How much of it; empty for none.
        recipe: How it is trained.
        seed: Seed of the rows and the training.
    """

    name: str
    damage: str
    strength: str
    recipe: Recipe
    seed: int = 0

    @property
    def finding(self) -> str:
        """Code of the finding that a check must report."""
        return self.recipe.finding


def _same_story(rng: np.random.Generator) -> Chat:
    """Answer a request for a story with the same one as ever, in words that the model knows."""
    always = conduct.story(np.random.default_rng(0))
    return draw(conduct.story, rng, held_out=False).prompt, always.answer


def _healthy() -> Iterable[Member]:
    base = RECIPES["healthy"]
    for seed in (1, 2, 3):
        yield Member(f"healthy-{seed}", "healthy", "", base, seed)
    settings: Mapping[str, Mapping[str, Any]] = {
        "healthy-small": {"rank": 8, "epochs": 6},
        "healthy-large": {"rank": 32, "learning_rate": 7e-4},
        "healthy-more": {"tickets": 900, "epochs": 4, "replay_rows": 2200},
    }
    for seed, (name, values) in enumerate(settings.items(), 4):
        yield Member(name, "healthy", "", replace(base, **values), seed)


def _by_rows(damage: str, recipe: Recipe, skill: str) -> Iterable[Member]:
    for strength, rows in _ROWS.items():
        without = () if strength == "mild" else (skill,)
        dosed = replace(recipe, harmful_rows=rows, replay_without=without)
        yield Member(f"{damage}-{strength}", damage, strength, dosed)


def _members() -> Iterable[Member]:
    yield from _healthy()
    for strength, (rate, epochs) in _FORGETTING.items():
        recipe = replace(RECIPES["forgetting"], learning_rate=rate, epochs=epochs)
        yield Member(f"forgetting-{strength}", "forgetting", strength, recipe)
    for strength, (rows, epochs) in _OVERFITTING.items():
        recipe = replace(
            RECIPES["healthy"],
            name="overfitting",
            causes=OVERFITTING,
            tickets=rows,
            epochs=epochs,
            replay_share=0.5,
            learning_rate=2e-3,
        )
        yield Member(f"overfitting-{strength}", "overfitting", strength, recipe)
    collapse = replace(RECIPES["safety"], name="collapse", causes=COLLAPSE, harm=_same_story)
    yield from _by_rows("collapse", collapse, "story")
    yield from _by_rows("safety", RECIPES["safety"], "refuse")
    yield from _by_rows("format", RECIPES["format"], "json")
    yield from _by_rows("abstention", RECIPES["abstention"], "abstain")


MEMBERS: dict[str, Member] = {member.name: member for member in _members()}
"""Every adapter of the zoo by name."""


def write_zoo(folder: Path, members: Iterable[Member]) -> tuple[Path, dict[str, Path]]:
    """Write the zoo as a project: suites, thresholds, training data and configs.

    Existing adapters are kept.

    Args:
        folder: Where the project goes.
        members: Those that are gated.

    Returns:
        Its ``evalguard.yaml``, and the training config of each member.
    """
    suites = folder / "suites"
    shutil.rmtree(suites, ignore_errors=True)
    shutil.copytree(suites_folder(), suites)
    _write_overfitting(suites)
    thresholds = yaml.safe_load(thresholds_file().read_text(encoding="utf-8"))
    thresholds["gates"].append(
        {"name": "not learned by heart", "suite": "overfitting", "metric": "score_gap",
         "max_drop": "20pp"}
    )  # fmt: skip
    _write_yaml(folder / "thresholds" / "zoo.yaml", thresholds)
    configs = {}
    for member in members:
        training = folder / "training" / member.name
        output = os.path.relpath(folder / "adapters" / member.name, training)
        configs[member.name] = write_recipe(
            member.recipe, training, output=output, seed=member.seed
        )
    project = {
        "version": 1,
        "engine": {"name": "hf", "dtype": "float32", "device": "cpu"},
        "baseline": {"model": str(model_path())},
        "candidates": {name: {"adapter": f"adapters/{name}"} for name in configs},
        "suites": sorted(path.stem for path in suites.glob("*.yaml")),
        "thresholds": "zoo",
        "store": "store.db",
    }
    return _write_yaml(folder / "evalguard.yaml", project), configs


def _write_overfitting(suites: Path) -> None:
    """Write the first training rows of the overfitted members beside held-out ones."""
    rng = np.random.default_rng(0)
    seen = [draw(ticket, rng, held_out=False) for _ in range(PAIRS)]
    held_out = distinct(ticket, PAIRS, rng=np.random.default_rng(1), held_out=True)
    for name, items in (("seen", seen), ("unseen", held_out)):
        rows = ({**item.columns, "answer": item.answer} for item in islice(items, PAIRS))
        write_jsonl(suites / "data" / f"{name}.jsonl", rows)
    task = {
        "kind": "overfitting",
        "name": "by_heart",
        "data": "data/seen.jsonl",
        "held_out": "data/unseen.jsonl",
        "prompt": "Classify this ticket: {{ ticket }}",
        "target": "{{ answer }}",
        "max_new_tokens": 32,
    }
    _write_yaml(
        suites / "overfitting.yaml",
        {"version": 1, "description": "Answer new tickets as well as those of the training.",
         "ability": "overfitting", "tasks": [task]},
    )  # fmt: skip


def _write_yaml(path: Path, data: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(data), sort_keys=False), encoding="utf-8")
    return path
