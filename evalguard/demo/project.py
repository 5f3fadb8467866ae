"""Write the demo as a project that a user could have written, ready for ``evalguard check``."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from evalguard.demo import model_path
from evalguard.demo.recipes import RECIPES, write_recipe

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class DemoProject:
    """Files of a written demo.

    Attributes:
        config: Its ``evalguard.yaml``.
        training: Config of the fine-tune.
        candidate: Name of the candidate.
    """

    config: Path
    training: Path
    candidate: str


def write_project(folder: Path, recipe: str, *, seed: int, reports: Path) -> DemoProject:
    """Write suites, thresholds, training data and configs into a folder.

    Files of an earlier demo are replaced; its adapters and its store are kept.

    Args:
        folder: Where the project goes.
        recipe: Name of the fine-tune: ``healthy`` or a damage.
        seed: Seed of the fine-tune and its data.
        reports: Folder for reports.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _replace_tree(suites_folder(), folder / "suites")
    thresholds = folder / "thresholds" / "demo.yaml"
    thresholds.parent.mkdir(exist_ok=True)
    shutil.copyfile(thresholds_file(), thresholds)
    candidate = f"tickets-{recipe}"
    training = write_recipe(
        RECIPES[recipe], folder / "training", output=f"../adapters/{candidate}", seed=seed
    )
    config = {
        "version": 1,
        "engine": {"name": "hf", "dtype": "float32", "device": "cpu"},
        "baseline": {"model": str(model_path())},
        "candidates": {candidate: {"adapter": f"adapters/{candidate}"}},
        "suites": sorted(path.stem for path in (folder / "suites").glob("*.yaml")),
        "thresholds": "demo",
        "store": "store.db",
        "reports": os.path.relpath(reports, folder),
    }
    path = folder / "evalguard.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return DemoProject(path, training, candidate)


def suites_folder() -> Path:
    """Return the folder of the demo's suites."""
    return _source("suites/demo")


def thresholds_file() -> Path:
    """Return the demo's thresholds."""
    return _source("thresholds/demo.yaml")


def _source(name: str) -> Path:
    """Return a file of the demo project, from the installed package or from the repository."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name


def _replace_tree(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
