"""From the rows of a data file to the prompts that go to a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from evalguard.errors import DataError, did_you_mean
from evalguard.tasks.base import Render, content_id, unique_ids
from evalguard.tasks.rows import Row, read_rows

_TEMPLATES = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)

_EXPRESSION_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of a template may raise on a row's values."""


@dataclass(frozen=True, slots=True)
class PromptedRow:
    """A row with its prompt.

    Attributes:
        row: The row.
        text: The prompt as it goes to the model.
        shown: The prompt as people read it: a single message without the chat template.
    """

    row: Row
    text: str
    shown: str


@dataclass(frozen=True, slots=True)
class PromptRows:
    """A data file and what makes a prompt of each of its rows.

    Attributes:
        where: Suite and task, as messages name them.
        data: JSONL, JSON, CSV or Parquet file.
        prompt: Jinja template of the user's message over the row's columns.
        messages: Column that holds chat messages, instead of ``prompt``.
        system: Text of a system message before the prompt.
        limit: Take the first rows only.
    """

    where: str
    data: Path
    prompt: str | None = None
    messages: str | None = None
    system: str | None = None
    limit: int | None = None

    def rows(self) -> list[Row]:
        """Return the rows of the file.

        Raises:
            DataError: If the file is missing, empty or broken.
        """
        try:
            return read_rows(self.data)[: self.limit]
        except DataError as error:
            raise DataError(f"{self.where}: {error}") from error

    def prompts(self, render: Render | None) -> list[PromptedRow]:
        """Return every row with its prompt.

        Args:
            render: Applies the chat template; ``None`` for plain prompts.

        Raises:
            DataError: If the file is missing, empty or broken, or a template names no column.
        """
        return [self._prompted(row, render) for row in self.rows()]

    def identified(
        self, render: Render | None, parts: Callable[[PromptedRow], Sequence[object]]
    ) -> list[tuple[PromptedRow, str]]:
        """Return every row with its prompt and an id of its own.

        Args:
            render: As for :meth:`prompts`.
            parts: Everything that a model is asked for a row, as plain data; the id is its hash.

        Raises:
            DataError: As :meth:`prompts`.
        """
        prompted = self.prompts(render)
        ids = unique_ids(content_id(*parts(one)) for one in prompted)
        return list(zip(prompted, ids, strict=True))

    def fill(self, source: str, row: Row) -> str:
        """Return a template filled with a row's columns.

        Raises:
            DataError: If the template is broken or names a column that the row does not have.
        """
        try:
            return _compiled(source).render(row.data)
        except TemplateSyntaxError as error:
            raise DataError(
                f"{self.where}: broken template {source!r}: {error}. "
                f"Columns are written {{{{ column }}}}."
            ) from error
        except UndefinedError as error:
            name = str(error).split("'")[1] if "'" in str(error) else str(error)
            raise self._missing(row, name) from error
        except (TemplateError, *_EXPRESSION_ERRORS) as error:
            raise DataError(
                f"{self._place(row)}: the template {source!r} failed: {error}. "
                f"Mend the template or the row."
            ) from error

    def column(self, row: Row, column: str) -> Any:
        """Return a row's value of a column.

        Raises:
            DataError: If the row does not have it.
        """
        if column not in row.data:
            raise self._missing(row, column)
        return row.data[column]

    def _prompted(self, row: Row, render: Render | None) -> PromptedRow:
        messages = self._messages(row)
        if self.system:
            messages = [{"role": "system", "content": self.system}, *messages]
        text = render(messages) if render else _plain(messages)
        return PromptedRow(row, text, messages[-1]["content"] if len(messages) == 1 else text)

    def _messages(self, row: Row) -> list[dict[str, str]]:
        if self.prompt is not None:
            return [{"role": "user", "content": self.fill(self.prompt, row)}]
        column = self.messages or "messages"
        value = self.column(row, column)
        if not isinstance(value, list) or not all(
            isinstance(m, dict) and isinstance(m.get("content"), str) and "role" in m for m in value
        ):
            raise DataError(
                f"{self._place(row)}: '{column}' is no list of messages; "
                f'write [{{"role": "user", "content": "…"}}]'
            )
        return [{"role": str(m["role"]), "content": m["content"]} for m in value]

    def _missing(self, row: Row, column: str) -> DataError:
        hint = did_you_mean(column, row.data)
        return DataError(f"{self._place(row)}: no column '{column}'. {hint}")

    def _place(self, row: Row) -> str:
        return f"{self.where}: {self.data}:{row.number}"


def _plain(messages: Sequence[dict[str, str]]) -> str:
    return "\n\n".join(message["content"] for message in messages)


@lru_cache(maxsize=64)
def _compiled(source: str) -> Template:
    """Compile a template once, not for each of its rows (2 ms)."""
    return _TEMPLATES.from_string(source)
