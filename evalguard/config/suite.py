"""``suites/NAME.yaml``: what a model is asked, and how its answers are scored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from evalguard.config.task_kinds import (
    Benchmark,
    Diversity,
    Drift,
    Judge,
    Overfitting,
    Perplexity,
    Preference,
    TestSet,
)
from evalguard.config_model import ConfigModel
from evalguard.records import Ability

Task = Annotated[
    Benchmark | TestSet | Diversity | Drift | Perplexity | Judge | Preference | Overfitting,
    Field(discriminator="kind"),
]
"""Every kind of task; a new kind is a new model in :mod:`evalguard.config.task_kinds`."""


def _without_twins(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    names = [task.task_name for task in tasks]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"several tasks are called {', '.join(twins)}; give each a 'name'")
    return tasks


class SuiteConfig(ConfigModel):
    """A suite: tasks that measure one ability. Paths are relative to its file."""

    version: Literal[1]
    """Version of this file format."""
    description: str = ""
    """What it measures, in a sentence."""
    ability: Ability = Ability.OTHER
    """What it measures, for the diagnosis."""
    tasks: Annotated[tuple[Task, ...], AfterValidator(_without_twins)] = Field(min_length=1)
