"""``suites/NAME.yaml``: what a model is asked, and how its answers are scored."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any, Literal, Self

from jinja2 import Environment, TemplateSyntaxError
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from evalguard.config.model import ConfigModel, NonEmpty
from evalguard.records import Ability


def _check_template(source: str) -> str:
    try:
        Environment(autoescape=True).parse(source)
    except TemplateSyntaxError as error:
        raise ValueError(
            f"broken template, line {error.lineno}: {error.message} "
            "Columns are written {{ column }}."
        ) from error
    return source


Template = Annotated[str, AfterValidator(_check_template)]
"""Jinja text over the columns of a row, such as ``Question: {{ question }}``."""


class ScorerConfig(ConfigModel):
    """A scorer with options; without any, its bare name does."""

    name: NonEmpty
    options: dict[str, Any] = Field(default_factory=dict)


Scorer = Annotated[
    ScorerConfig,
    BeforeValidator(
        lambda value: {"name": value} if isinstance(value, str) else value,
        json_schema_input_type=NonEmpty | ScorerConfig,
    ),
]


class Benchmark(ConfigModel):
    """An lm-eval task or group."""

    kind: Literal["benchmark"]
    task: NonEmpty
    """Name that lm-eval knows, or path of a task file (`.yaml`) relative to this file."""
    name: NonEmpty | None = None
    """Name in reports; the task's own by default."""
    num_fewshot: int | None = Field(default=None, ge=0)
    """Solved examples before each question; the task's own number by default."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first samples only."""

    @property
    def file(self) -> str | None:
        """The task file, or ``None`` for a task that lm-eval knows by name."""
        return self.task if self.task.endswith((".yaml", ".yml")) else None

    @property
    def task_name(self) -> str:
        """Name in reports."""
        return self.name or (PurePath(self.file).stem if self.file else self.task)


class TestSet(ConfigModel):
    """Rows of your own, a prompt template, and scorers."""

    __test__ = False  # not a class of tests, whatever pytest makes of its name

    kind: Literal["test_set"]
    data: NonEmpty
    """JSONL, JSON, CSV or Parquet file, relative to this file."""
    scorers: tuple[Scorer, ...] = Field(min_length=1)
    """What measures the answer: names, or `{name: …, options: {…}}`."""
    prompt: Template | None = None
    """The user's message, as a Jinja template over the row's columns."""
    messages: NonEmpty | None = None
    """Column that holds chat messages, instead of `prompt`."""
    target: Template = ""
    """The expected answer, as a Jinja template; empty for scorers that need none."""
    name: NonEmpty | None = None
    """Name in reports; that of the data file by default."""
    system: str | None = None
    """System message before the prompt."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""
    temperature: float = Field(default=0.0, ge=0)
    """0 takes the likeliest token each time."""
    repeats: int = Field(default=1, ge=1)
    """Answers to each prompt; their scores are averaged."""
    cluster: NonEmpty | None = None
    """Column whose equal values mark rows that are not independent, such as a shared passage."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first rows only."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("needs either 'prompt' or 'messages'")
        if self.repeats > 1 and self.temperature == 0:
            raise ValueError(
                f"repeats: {self.repeats} at temperature 0 gives the same answer each time; "
                "set temperature above 0, or repeats to 1"
            )
        return self

    @property
    def task_name(self) -> str:
        """Name in reports."""
        return self.name or PurePath(self.data).stem


Task = Annotated[Benchmark | TestSet, Field(discriminator="kind")]
"""Every kind of task; a new kind is a new model here."""


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
