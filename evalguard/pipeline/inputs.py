"""Every file that decided what was trained and how it was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalguard.config import Project
from evalguard.tasks.registry import kind_of
from evalguard.training.sources import data_files

DATA_KEYS = (("data", "train"), ("data", "validation"), ("replay", "data"))
"""Keys of a training config that name data."""


def project_files(project: Project) -> Iterator[Path]:
    """Yield the files of a project, its suites and thresholds, and those that they name."""
    yield from (project.path, project.thresholds.path)
    yield from map(project.resolve, project.config.scorer_modules)
    if project.config.contaminated is not None:
        yield project.resolve(project.config.contaminated)
    for suite in project.suites.values():
        yield suite.path
        yield from suite.contents
        for index, task in enumerate(suite.config.tasks):
            files = kind_of(task).deciding_files(task, suite.context(index)).paths
            yield from (_seen_from_here(path) for path in files if path.is_file())


def training_files(config: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the data that each stage of a training config names."""
    for stage in stages_of(config):
        for section, name in DATA_KEYS:
            if path := (stage.get(section) or {}).get(name):
                yield from data_files(Path(path))


def stages_of(config: Mapping[str, Any]) -> list[Any]:
    """Return the stages of a training config."""
    return [config, *([config["then"]] if config.get("then") else [])]


def _seen_from_here(path: Path) -> Path:
    """Return a path without the folders of this machine, where it is below the working one."""
    here = Path.cwd().resolve()
    return path.relative_to(here) if path.is_absolute() and here in path.parents else path
