"""From the rows of a data file to the prompts that go to a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from evalguard.errors import DataError, did_you_mean
from evalguard.tasks.base import Render, content_id, unique_ids
from evalguard.tasks.chats import chat_of
from evalguard.tasks.row_problems import RowError, RowProblems
from evalguard.tasks.rows import Row, kind_of, read_rows
from evalguard.tasks.values import (
    TESTS,
    Unwritable,
    default,
    place,
    template_values,
    text_of,
    tojson,
    written,
)


class _Missing(StrictUndefined):
    """What a template names and a row does not have; of a list it says how many it has."""

    @property
    def _undefined_message(self) -> str:
        held, place = self._undefined_obj, self._undefined_name
        if isinstance(held, list) and isinstance(place, int):
            return f"a list has no element {place}: it has {len(held)}, counted from 0"
        return super()._undefined_message


_TEMPLATES = SandboxedEnvironment(undefined=_Missing, keep_trailing_newline=True, finalize=written)
_TEMPLATES.filters |= {"default": default, "d": default, "tojson": tojson, "string": written}
_TEMPLATES.filters |= {"written": written, "place": place}
_TEMPLATES.tests |= TESTS

_EXPRESSION_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of a template may raise on a row's values."""

_UNDEFINED = re.compile(r"'([^']*)' is undefined")

_TYPE_NAMES = {"Null": "null", "Items": "a list", "Fields": "an object", "Flag": "a boolean"}

_OWN_TYPE = re.compile(
    rf"'?(?:evalguard\.tasks\.values\.)?\b({'|'.join(_TYPE_NAMES)})\b(?: object)?'?"
)
"""What Python calls a row's values, in the errors of templates."""


T = TypeVar("T")


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
        data: The data file.
        prompt: Jinja template of the user's message over the row's columns.
        messages: Column that holds chat messages, instead of ``prompt``.
        system: Text of a system message before the prompt.
        limit: Take the first rows only.
        repeats_ids: Whether several rows may have one id, as labels of several people do.
    """

    where: str
    data: Path
    prompt: str | None = None
    messages: str | None = None
    system: str | None = None
    limit: int | None = None
    repeats_ids: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """The columns that a prompt is made from."""
        if self.prompt is None:
            return frozenset((self.messages or "messages",))
        return _compiled(self.prompt)[1]

    def rows(self) -> list[Row]:
        """Return the rows of the file.

        Raises:
            DataError: If the file is missing, empty or broken.
        """
        try:
            return read_rows(self.data, repeats_ids=self.repeats_ids)[: self.limit]
        except DataError as error:
            raise DataError(f"{self.where}: {error}") from error

    def prompts(
        self, render: Render | None, *, check: Callable[[Row], object] | None = None
    ) -> list[PromptedRow]:
        """Return every row with its prompt.

        Args:
            render: Applies the chat template; ``None`` for plain prompts.
            check: Called for each row; what it raises as a :class:`RowError` is listed with the
                others.

        Raises:
            DataError: If the file is missing, empty or broken, or rows cannot be used: a template
                names no column or writes a null, or what ``check`` finds.
        """
        found: list[PromptedRow] = []
        problems = RowProblems(self.where, self.data)
        rows = self.rows()
        for row in rows:
            with problems.of(row):
                found.append(self.prompted(row, render))
            if check is not None:
                with problems.of(row):
                    check(row)
        problems.raise_any(len(rows))
        return found

    def of_each(self, make: Callable[[Row], T]) -> list[T]:
        """Return what is made of each row.

        Args:
            make: Called for each row; what it raises as a :class:`RowError` is listed.

        Raises:
            DataError: If the file is missing, empty or broken, or rows cannot be used.
        """
        found: list[T] = []
        problems = RowProblems(self.where, self.data)
        rows = self.rows()
        for row in rows:
            with problems.of(row):
                found.append(make(row))
        problems.raise_any(len(rows))
        return found

    def identified(
        self,
        render: Render | None,
        parts: Callable[[PromptedRow], Sequence[object]],
        *,
        check: Callable[[Row], object] | None = None,
    ) -> list[tuple[PromptedRow, str]]:
        """Return every row with its prompt and an id of its own.

        Args:
            render: As for :meth:`prompts`.
            parts: Everything that a model is asked for a row, as plain data; the id is its hash.
            check: As for :meth:`prompts`.

        Raises:
            DataError: As :meth:`prompts`.
        """
        prompted = self.prompts(render, check=check)
        ids = unique_ids(content_id(*parts(one)) for one in prompted)
        return list(zip(prompted, ids, strict=True))

    def fill(self, source: str, row: Row, *, key: str = "") -> str:
        """Return a template filled with a row's columns.

        Args:
            source: The template.
            row: The row.
            key: The template's key in the suite file, for messages.

        Raises:
            RowError: If the template names a column that the row does not have, writes a null, a
                list or an object, or fails.
            DataError: If the template is broken.
        """
        try:
            template, names = _compiled(source)
            return template.render(template_values(row.data, names))
        except TemplateSyntaxError as error:
            raise DataError(
                f"{self.where}: broken template {source!r}: {error}. "
                f"Write columns as {{{{ column }}}}."
            ) from error
        except UndefinedError as error:
            missing = _UNDEFINED.fullmatch(str(error))
            if missing is not None:
                raise self._missing(row, missing[1], key) from error
            raise self._failed(row, source, error, key) from error
        except Unwritable as error:
            raise self.refused(row, f"{error} Template: {source!r}", key=key) from error
        except (TemplateError, *_EXPRESSION_ERRORS) as error:
            raise self._failed(row, source, error, key) from error

    def column(self, row: Row, column: str) -> Any:
        """Return a row's value of a column.

        Raises:
            RowError: If the row does not have it.
        """
        if column not in row.data:
            raise self._missing(row, column)
        return row.data[column]

    def text(self, row: Row, column: str) -> str:
        """Return a row's value of a column as a text.

        Raises:
            RowError: If the row does not have it, or it is a null, a list or an object.
        """
        value = self.column(row, column)
        try:
            return text_of(value, column)
        except Unwritable:
            raise self.refused(
                row, f"column '{column}' holds {kind_of(value)}; it must be text or a number."
            ) from None

    def refused(self, row: Row, reason: str, *, key: str = "") -> RowError:
        """Return the error of a row that cannot be used.

        Args:
            row: The row.
            reason: What was found, what is possible and what to do.
            key: Key of the suite file, or column, that the reason is about.
        """
        return RowError(self.where, self.data, row, f"{key}: {reason}" if key else reason)

    def prompted(self, row: Row, render: Render | None) -> PromptedRow:
        """Return a row with its prompt.

        Raises:
            RowError: If a template names no column of it, writes a null, or is empty.
        """
        messages = self._messages(row)
        if self.system:
            messages = [{"role": "system", "content": self.system}, *messages]
        text = render(messages) if render else _plain(messages)
        return PromptedRow(row, text, messages[-1]["content"] if len(messages) == 1 else text)

    def _messages(self, row: Row) -> list[dict[str, str]]:
        if self.prompt is not None:
            text = self.fill(self.prompt, row)
            if not text.strip():
                raise self.refused(row, f"the prompt is empty. Template: {self.prompt!r}")
            return [{"role": "user", "content": text}]
        column = self.messages or "messages"
        try:
            return chat_of(self.column(row, column))
        except ValueError as error:
            raise self.refused(row, f"'{column}' {error}") from error

    def _missing(self, row: Row, column: str, key: str = "") -> RowError:
        return self.refused(row, f"no column '{column}'. {did_you_mean(column, row.data)}", key=key)

    def _failed(self, row: Row, source: str, error: Exception, key: str) -> RowError:
        said = _OWN_TYPE.sub(lambda found: _TYPE_NAMES[found[1]], str(error))
        return self.refused(
            row,
            f"the template {source!r} failed: {said}. Correct the template or the row.",
            key=key,
        )


def _plain(messages: Sequence[dict[str, str]]) -> str:
    return "\n\n".join(message["content"] for message in messages)


@lru_cache(maxsize=64)
def _compiled(source: str) -> tuple[Template, frozenset[str]]:
    """Compile a template once, not for each of its rows (2 ms); also return what it names.

    Jinja finalises what ``{{ … }}`` writes, but not what ``~`` joins: that is filtered here, and so
    is a computed index.
    """
    tree = _TEMPLATES.parse(source)
    names = frozenset(find_undeclared_variables(tree))
    for joined in tree.find_all(nodes.Concat):
        joined.nodes = [
            nodes.Filter(one, "written", [], [], None, None, lineno=one.lineno)
            for one in joined.nodes
        ]
    for item in tree.find_all(nodes.Getitem):
        if not isinstance(item.arg, nodes.Literal | nodes.Neg | nodes.Slice):
            item.arg = nodes.Filter(item.arg, "place", [], [], None, None, lineno=item.lineno)
    tree.set_environment(_TEMPLATES)
    code = _TEMPLATES.compile(tree)
    return Template.from_code(_TEMPLATES, code, _TEMPLATES.make_globals(None)), names
