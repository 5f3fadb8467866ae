"""The cells of one row: each is read by name, and what nobody reads is counted."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows import kind_of
from evalguard.training.formats.layout import STRUCTURED, Layout
from evalguard.training.rows import RawRow

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values that say nothing."""

_UNSEEN = ("Cc", "Cf", "Mn")
"""Categories of control and format characters, and of variation selectors."""

_MESSAGE_KEYS = ({"role", "content"}, {"from", "value"}, {"role", "tool_calls"})
"""Keys of which a message has one pair."""

_BEGINS_LIKE_MESSAGES = re.compile(r"""\s*\[?\s*\{\s*["'](?:role|content|from|value)["']\s*:""")

_TRUTHS = (
    *("true", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "prawda", "истина", "真"),
    *("yes", "ja", "oui", "sí", "sim", "tak", "да", "是"),
)
_UNTRUTHS = (
    *("false", "falsch", "faux", "falso", "onwaar", "fałsz", "ложь", "假"),
    *("no", "nein", "non", "nee", "não", "nie", "нет", "否"),
)
"""Truth values as texts: those of spreadsheets are in the language of the program."""

_WANTED = ("good", "desirable", "chosen", "positive", "thumbs_up", "up", "like", "👍", "accepted")
_UNWANTED = ("bad", "undesirable", "rejected", "negative", "thumbs_down", "down", "👎", "dislike")
_LABEL_WORDS = dict.fromkeys((*_TRUTHS, *_WANTED), True) | dict.fromkeys(
    (*_UNTRUTHS, *_UNWANTED), False
)
_TRUTH_WORDS = dict.fromkeys((*_TRUTHS, "y", "t", "x", "✓", "✔", "1", "1.0"), True) | dict.fromkeys(
    (*_UNTRUTHS, "n", "f", "0", "0.0"), False
)
"""Of flags, also what databases and tables write."""


@dataclass(slots=True)
class Cells:
    """One row while it is converted.

    Attributes:
        where: File and line.
        fields: Its cells, by the names that formats use.
        layout: What the config says about the file.
        nulls: Columns that are null, by the same names.
        used: Columns that were read.
        ignored: Keys of messages that were not.
        remarks: What was changed on the way, for one count in the file.
    """

    where: str
    fields: dict[str, Any]
    layout: Layout
    nulls: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    remarks: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, row: RawRow, layout: Layout) -> Cells:
        """Return a row's cells, renamed as the config's ``columns`` say."""
        ours = {theirs: name for name, theirs in layout.columns.items()}
        nulls = frozenset(ours.get(name, name) for name in row.nulls)
        return cls(row.where, renamed(row, layout), layout, nulls)

    def name(self, names: Sequence[str]) -> str | None:
        """Return which of some columns says something; one that ``columns:`` maps goes first.

        Raises:
            DataError: If several do.
        """
        found = [n for n in names if n in self.fields and n not in self.layout.ignore]
        full = [n for n in found if not blank(self.fields[n], n)] or found
        pinned = [n for n in full if n in self.layout.columns]
        full = pinned or full
        decided = [n for n in full if is_decision(self.fields[n])]
        if len(full) > 1 and _are_one(self.fields[n] for n in full):
            return full[0]
        if len(full) > 1 and decided:
            raise DataError(
                f"'{decided[0]}' is {self.fields[decided[0]]!r}, an annotation tool's decision. "
                f"Keep only the accepted rows, and leave the column out: ignore: [{decided[0]}]"
            )
        if len(full) > 1:
            raise DataError(
                f"has columns {_listed(full)}, but only one can be used. "
                f"Add data.ignore: [{full[-1]}]"
            )
        return full[0] if full else None

    def fullest(self, names: Sequence[str]) -> str:
        """Return the one of some columns whose text holds those of all others.

        A solution ends with the answer that another column repeats. Without such a one, it is
        :meth:`needed`.

        Raises:
            DataError: If the row has none, or several that say different things.
        """
        found = [n for n in names if n in self.fields and n not in self.layout.ignore]
        texts = {n: self.fields[n] for n in found if not blank(self.fields[n], n)}
        if len(texts) > 1 and not {*texts} & self.layout.columns.keys():
            for name, text in texts.items():
                if not is_decision(text) and all(holds(text, one) for one in texts.values()):
                    return name
        return self.needed(names)

    def needed(self, names: Sequence[str]) -> str:
        """Return the same where the row must have one.

        Raises:
            DataError: If it has none, or several.
        """
        name = self.name(names)
        if name is None:
            raise DataError(f"has no '{names[0]}'")
        return name

    def get(self, *names: str) -> Any:
        """Return the value of the one of some columns that says something, else ``None``.

        Raises:
            DataError: If several do.
        """
        name = self.name(names)
        if name is None:
            return None
        self.used.add(name)
        value = self.fields[name]
        return None if blank(value, name) else value

    def text(self, column: str) -> str:
        """Return a column's text.

        Raises:
            DataError: If it is empty or no text.
        """
        self.used.add(column)
        return text_of(self.fields[column], column)

    def unused(self) -> set[str]:
        """Return the columns and keys of messages that say something and were not read."""
        left = self.fields.keys() - self.used
        return {name for name in left if not blank(self.fields[name], name)} | self.ignored


def renamed(row: RawRow, layout: Layout) -> dict[str, Any]:
    """Return a row's cells by the names that formats use.

    A column whose name is given to another one keeps its value as ``file's NAME``.
    """
    taken = {theirs: ours for ours, theirs in layout.columns.items() if theirs in row.fields}
    cells = {}
    for name, value in row.fields.items():
        ours = taken.get(name)
        if ours is None:
            ours = f"file's {name}" if name in taken.values() else name
        cells[ours] = value
    return cells


def blank(value: Any, column: str = "") -> bool:
    """Return whether a value says nothing.

    Args:
        value: The value.
        column: Its key or column; in those of lists and objects, the text of an empty one says
            nothing either.

    Example:
        >>> [blank(v) for v in ("", " ", [], "[]", 0, False)]
        [True, True, True, False, False, False]
        >>> blank("[]", "tools")
        True
    """
    if isinstance(value, str):
        text = value.strip()
        return not seen(text) or (column in STRUCTURED and text in ("[]", "{}", "null", "None"))
    return any(value is one or (value == one and type(value) is type(one)) for one in EMPTY)


def holds(text: Any, part: Any) -> bool:
    """Return whether a text holds another one, or a number, not within a longer word.

    Example:
        >>> holds("It is 42.", "42"), holds("It is 42.", 42), holds("It is 420.", "42")
        (True, True, False)
    """
    if isinstance(part, int) and not isinstance(part, bool):
        part = str(part)
    if not (isinstance(text, str) and isinstance(part, str)):
        return False
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(part.strip())}(?![0-9A-Za-z])", text) is not None


def _are_one(values: Iterable[Any]) -> bool:
    """Return whether values are one text."""
    found = list(values)
    return all(isinstance(one, str) for one in found) and len({one.strip() for one in found}) == 1


def is_decision(value: Any) -> bool:
    """Return whether a value is what an annotator decides of a row, as Prodigy's ``answer`` is."""
    return value in ("accept", "reject", "ignore")


def text_of(value: Any, column: str) -> str:
    """Return a value that must be a text.

    Raises:
        DataError: If it is empty or no text.
    """
    if isinstance(value, bytes):
        raise DataError(f"'{column}' is bytes, expected a string. Store text in the column")
    if not isinstance(value, str):
        raise DataError(f"'{column}' is {kind_of(value)}, expected a string")
    if not seen(value):
        raise DataError(
            f"'{column}' {'holds only invisible characters' if value.strip() else 'is empty'}"
        )
    return value


def seen(text: str) -> bool:
    r"""Return whether a text has a character that people see.

    Example:
        >>> [seen(text) for text in ("a", "", " \n", "\u200b", "\ufeff\u00a0")]
        [True, False, False, False, False]
    """
    return any(not c.isspace() and unicodedata.category(c) not in _UNSEEN for c in text)


def structure(value: Any, column: str) -> Any:
    """Return a list or an object, which a cell may hold as JSON or as Python writes it.

    Raises:
        DataError: If a text is neither.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        broken = error.msg
    try:
        return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise DataError(f"'{column}' is broken JSON: {broken}") from None


def lists_messages(value: Any) -> bool:
    """Return whether a cell holds a list of messages, as a list or as its text.

    Raises:
        DataError: If a text begins like one and is broken.
    """
    text = isinstance(value, str) and value.lstrip().startswith("[")
    return holds_messages(value) if text else isinstance(value, list)


def holds_messages(value: Any) -> bool:
    """Return whether a cell holds messages: as a list, one object, or the text of these.

    Raises:
        DataError: If a text begins like messages and is broken.

    Example:
        >>> holds_messages('[{"role": "user", "content": "Hi"}]')
        True
        >>> holds_messages('[{"category": "hardware"}]')  # an answer in JSON
        False
    """
    if isinstance(value, list):
        return True
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = structure(value, "messages as text")
        except DataError:
            if _BEGINS_LIKE_MESSAGES.match(value):
                raise
            return False
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(
        isinstance(one, dict) and any(need <= one.keys() for need in _MESSAGE_KEYS) for one in items
    )


def label_of(value: Any) -> bool | None:
    """Return whether a label says wanted or unwanted; ``None`` where it says something else.

    Example:
        >>> [label_of(v) for v in (True, 0.0, "1", -1, "Desirable", "hardware", 2)]
        [True, False, True, False, True, None, None]
    """
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in _LABEL_WORDS:
            return _LABEL_WORDS[word]
        try:
            value = float(word)
        except ValueError:
            return None
    if isinstance(value, bool | int | float) and value in (1, 0, -1):
        return bool(value == 1)
    return None


def truth_of(value: Any) -> bool | None:
    """Return whether a flag is set; ``None`` where a value is no flag.

    Example:
        >>> [truth_of(v) for v in (True, 0, "Yes", "FALSCH", "t", "0", 2, "B", None)]
        [True, False, True, False, True, False, None, None, None]
    """
    if isinstance(value, str):
        return _TRUTH_WORDS.get(value.strip().casefold())
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    return None


def weight_of(value: Any, what: str) -> bool:
    """Return whether a weight is 1; 0 is ``False``.

    Raises:
        DataError: If it is another one.
    """
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if number not in (0, 1):
        raise DataError(f"{what} is {value!r}; a weight is 1 (trained on) or 0 (not trained on)")
    return number == 1


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
