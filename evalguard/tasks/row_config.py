"""What a suite says of tasks over a data file, and the prompts that are made of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Self

from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from pydantic import AfterValidator, Field, model_validator

from evalguard.config_model import NonEmpty
from evalguard.tasks.kind import AskedItem, TaskConfig, TaskContext
from evalguard.tasks.prompts import PromptRows

_JINJA = Environment(autoescape=True)


def _check_template(source: str) -> str:
    try:
        _JINJA.parse(source)
    except TemplateSyntaxError as error:
        raise ValueError(
            f"broken template, line {error.lineno}: {error.message} "
            "Write columns as {{ column }}."
        ) from error
    return source


Template = Annotated[str, AfterValidator(_check_template)]
"""Jinja text over the columns of a row, such as ``Question: {{ question }}``."""


def shown_columns(template: str) -> set[str]:
    """Return the variables that a template shows."""
    return find_undeclared_variables(_JINJA.parse(template))


class Rows(TaskConfig):
    """A data file: one sample a row."""

    data: NonEmpty
    """Data file of JSON, CSV, TSV, Parquet or Arrow, relative to this file; may be compressed."""
    name: NonEmpty | None = None
    """Name in reports; that of the data file by default."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first rows only."""

    @property
    def task_name(self) -> str:
        """Name in reports."""
        path = PurePath(self.data)
        packed = path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst")
        return self.name or (PurePath(path.stem) if packed else path).stem

    def rows(self, context: TaskContext, *, data: str | None = None) -> PromptRows:
        """Return the rows of its data file, or of another one."""
        where = f"suite '{context.suite}', task '{self.task_name}'"
        return PromptRows(where, context.resolve(data or self.data), limit=self.limit)


class Prompts(Rows):
    """A data file whose rows are made into prompts."""

    prompt: Template | None = None
    """The user's message, as a Jinja template over the row's columns."""
    messages: NonEmpty | None = None
    """Column that holds chat messages, instead of `prompt`."""
    system: str | None = None
    """System message before the prompt."""

    @model_validator(mode="after")
    def _has_a_prompt(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("needs either 'prompt' or 'messages'")
        return self

    def rows(self, context: TaskContext, *, data: str | None = None) -> PromptRows:
        """Return the rows of its data file, or of another one, with what makes prompts of them."""
        return replace(
            super().rows(context, data=data),
            prompt=self.prompt,
            messages=self.messages,
            system=self.system,
        )


def named_data(config: Rows) -> dict[str, str]:
    """Return the data file by its key, for tasks that name no other."""
    return {"data": config.data}


def asked_prompts(
    config: Prompts, context: TaskContext, *, data: str | None = None
) -> Iterator[AskedItem]:
    """Yield the prompts of a data file, without the system message, for the audit."""
    where = f"{context.suite}/{config.task_name}"
    rows = replace(config.rows(context, data=data), where=where, system=None)
    for one in rows.prompts(None):
        yield AskedItem(config.task_name, one.row.number, one.shown, one.row.data)


def asks_nothing(config: Rows, context: TaskContext) -> Iterator[AskedItem]:
    """Yield nothing: texts that are not asked about are no questions to look for."""
    yield from ()
