"""A whole file: its format, its examples, and what was not used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.chats import MEDIA
from evalguard.training.formats.beside_talks import with_rejected
from evalguard.training.formats.cells import (
    Cells,
    blank,
    label_of,
    weight_of,
)
from evalguard.training.formats.conversations import conversation
from evalguard.training.formats.example import Example, texts
from evalguard.training.formats.layout import (
    CONVERSATIONS,
    FORMATS,
    LABELS,
    Layout,
)
from evalguard.training.formats.left_over import (
    check_decided,
    check_header,
    check_used,
    check_whole,
)
from evalguard.training.formats.preferences import openai_preference, preference, unpaired
from evalguard.training.formats.recognise import (
    ambiguous,
    candidates,
    labels_decide,
    null_columns,
    null_in_row,
    said_columns,
    unfit,
    unrecognised,
)
from evalguard.training.formats.repeated import (
    settled,
)
from evalguard.training.formats.transcripts import transcribed
from evalguard.training.formats.unmeant import check_meant, split_columns
from evalguard.training.formats.unread import (
    oddities,
)
from evalguard.training.formats.varying import lost_columns, open_places
from evalguard.training.formats.wrapped import unwrapped
from evalguard.training.rows import RawRow, RowProblem

_REFUSED = (*MEDIA, "documents", "chat_template_kwargs")
"""Columns that change what a row teaches, and that training does not read."""

_BECOMES = {
    "conversation": "messages",
    "text": "text",
    "preference": "two answers to one prompt",
    "unpaired": "one labelled answer",
}

LEFT_OUT = "left out, of weight 0"
UNWRAPPED = "read inside its only object"


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of one file as examples.

    Attributes:
        examples: The rows that can be trained on.
        problems: What is wrong with the others.
        file: The file, as the user wrote it.
        format: Name of the format; empty where no row has one.
        columns: Columns that the format was found by.
        given: Whether the config names the format.
        ignored: Columns and keys of messages that were not used, with the number of rows.
        remarks: What was changed on the way, with the number of rows.
    """

    examples: tuple[Example, ...]
    problems: tuple[RowProblem, ...]
    file: str = ""
    format: str = ""
    columns: tuple[str, ...] = ()
    given: bool = False
    ignored: Mapping[str, int] = field(default_factory=dict)
    remarks: Mapping[str, int] = field(default_factory=dict)

    def lines(self, file: str = "") -> tuple[str, ...]:
        """Return what was made of the file, a line for each thing to know.

        Args:
            file: Its name for the lines, where it is not the path that was read.
        """
        if not self.examples:
            return ()
        becomes = _BECOMES[FORMATS[self.format].kind]
        how = [f"{', '.join(self.columns)} → {becomes}"] if self.columns != (becomes,) else []
        how += ["set by data.format"] if self.given else []
        why = f" ({'; '.join(how)})" if how else ""
        lines = [f"{_rows(len(self.examples))} read as '{self.format}'{why}"]
        if self.ignored:
            counted = sorted(self.ignored.items(), key=lambda item: (-item[1], item[0]))
            (name, count), *others = counted
            shown = [f"{name} ({_rows(count)})", *(f"{name} ({count})" for name, count in others)]
            lines.append(f"ignored: {', '.join(shown)}")
        lines += [f"{_rows(count)}: {remark}" for remark, count in self.remarks.items()]
        return tuple(f"{file or self.file}: {line}" for line in lines)


def read(rows: Sequence[RawRow], layout: Layout | None = None) -> Reading:
    """Turn the rows of one file into examples, and count what is not used.

    Args:
        rows: The rows.
        layout: What the config says about the file.

    Returns:
        The examples, and what is wrong with every row that has no known format, breaks its
        format's rules, or has another format than the first row.
    """
    layout = layout or Layout()
    inside = [unwrapped(row, layout) for row in rows]
    n_unwrapped = sum(one is not row for one, row in zip(inside, rows, strict=True))
    rows = inside
    found = [with_rejected(transcribed(Cells.of(row, layout))) for row in rows]
    if missing := _missing_columns(found, rows, layout):
        return Reading((), (missing,))
    name, inner, problems = _formats(found, layout)
    splits = split_columns(cells.fields for cells in found)
    taken: list[tuple[Cells, Example]] = []
    ignored: Counter[str] = Counter()
    remarks: Counter[str] = Counter({UNWRAPPED: n_unwrapped} if n_unwrapped else {})
    for cells in found:
        if cells.where in problems:
            continue
        try:
            check_header(cells)
            example = _example(cells, name, inner)
            if example is not None:
                check_decided(cells)
                check_meant(
                    cells.fields,
                    cells.unused(),
                    layout,
                    splits=splits,
                    unwanted=example.kind == "unpaired" and not example.good,
                )
                check_used(cells, example, name)
                if why := open_places(cells, example):
                    raise DataError(why)
        except DataError as error:
            problems[cells.where] = str(error)
            continue
        if example is None:
            remarks[LEFT_OUT] += 1
            continue
        taken.append((cells, example))
    problems |= lost_columns(taken)
    taken = [(cells, example) for cells, example in taken if cells.where not in problems]
    for cells, example in taken:
        ignored.update(_own_names(cells.unused(), layout))
        remarks.update(cells.remarks | _odd(example))
    return Reading(
        tuple(example for _, example in taken),
        tuple(RowProblem(r.where, problems[r.where]) for r in rows if r.where in problems),
        file=rows[0].file if rows else "",
        format=name,
        columns=_read_columns(found, name, inner, layout),
        given=layout.format is not None,
        ignored=dict(ignored),
        remarks=dict(remarks),
    )


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _example(cells: Cells, name: str, inner: str) -> Example | None:
    """Return a row as an example; ``None`` where its weight is 0."""
    for column in _REFUSED:
        if column not in cells.layout.ignore and not blank(cells.fields.get(column), column):
            raise DataError(
                f"the row holds '{column}', which training does not read. Remove the row, or "
                f"leave the column out: ignore: [{column}]"
            )
    weight = cells.get("weight")
    if weight is not None and not weight_of(weight, "the row's 'weight'"):
        return None
    for column in ("train", "loss"):
        if _is_off(cells.fields.get(column)) and column not in cells.layout.ignore:
            return None
    if name == "text":
        check_whole(cells)
        column = cells.needed(FORMATS["text"].needs[0])
        return Example("text", "text", cells.where, text=cells.text(column))
    if name == "unpaired":
        return unpaired(cells, inner)
    pairs: Mapping[str, Callable[[Cells], Example]] = {
        "preference": preference,
        "openai_preference": openai_preference,
    }
    return pairs[name](cells) if name in pairs else conversation(cells, name)


def _odd(example: Example) -> set[str]:
    """Return what is odd about the texts of an example."""
    return {remark for text in texts(example) for remark in oddities(text)}


def _is_off(value: Any) -> bool:
    """Return whether a flag is off; 0.0 is a logged number."""
    return value in ("false", "False") or (isinstance(value, int) and not value)


def _formats(rows: Sequence[Cells], layout: Layout) -> tuple[str, str, dict[str, str]]:
    """Return the file's format, that of the conversation in it, and the rows that lack them."""
    problems: dict[str, str] = {}
    labelled = labels_decide([cells.fields for cells in rows], layout)
    first: tuple[str, str] | None = None
    for cells in rows:
        columns = said_columns(cells.fields, layout)
        shown = [name for name in cells.fields if name in columns]
        asked_for = layout.format if layout.format != "unpaired" else None
        if asked_for is not None:
            names = [asked_for] if FORMATS[asked_for].fits(columns) else []
            why = unfit(asked_for, shown)
        else:
            names = candidates(columns)
            if len(names) > 1:
                said = {one: cells.fields[one] for one in columns}
                names = settled(names, said)
            if layout.format == "unpaired":
                names = [one for one in names if one in CONVERSATIONS]
                if not FORMATS["unpaired"].fits(columns):
                    names = []
            why = unfit("unpaired", shown) if layout.format else unrecognised(cells.fields, shown)
        if len(names) != 1:
            empty = () if names else null_columns(columns, cells.nulls, layout)
            why = null_in_row(empty) if empty else why
            problems[cells.where] = ambiguous(names) if names else why
            continue
        first = first or (names[0], cells.where)
        if names[0] != first[0]:
            problems[cells.where] = (
                f"format '{names[0]}', but {first[1]} is '{first[0]}'; keep one in a file"
            )
    if first is None:
        return "", "", problems
    inner = first[0]
    if layout.format is None and inner in CONVERSATIONS:
        if labelled is None:
            problems |= _odd_labels(rows, layout, inner)
        if labelled is not False:
            return "unpaired", inner, problems
    return layout.format or inner, inner, problems


def _odd_labels(rows: Sequence[Cells], layout: Layout, inner: str) -> dict[str, str]:
    """Return the rows whose labels say something else than wanted or unwanted."""
    return {
        cells.where: (
            f"'{name}' is {cells.fields[name]!r}, and others of the file say wanted or unwanted "
            f"(true, false, 1, 0). Correct it, or leave the labels out: data: {{format: {inner}}}"
        )
        for cells in rows
        for name in LABELS
        if name in said_columns(cells.fields, layout)
        and not blank(cells.fields[name])
        and label_of(cells.fields[name]) is None
    }


def _missing_columns(
    found: Sequence[Cells], rows: Sequence[RawRow], layout: Layout
) -> RowProblem | None:
    """Return what is wrong where the config names a column that the file does not have."""
    held = {name for row in rows for name in row.fields}
    inside = {"role", "content"}  # keys of messages, too
    missing = [
        theirs
        for ours, theirs in layout.columns.items()
        if theirs not in held | inside and ours not in inside
    ]
    if not missing or not found:
        return None
    names = ", ".join(map(repr, sorted(held)))
    return RowProblem(rows[0].file, f"data.columns names '{missing[0]}'; the file has {names}")


def _read_columns(rows: Sequence[Cells], name: str, inner: str, layout: Layout) -> tuple[str, ...]:
    """Return the columns that the format was found by, by the file's own names."""
    if not name:
        return ()
    columns = {column for cells in rows for column in cells.used}
    needs = [need for one in dict.fromkeys((inner, name)) for need in FORMATS[one].needs]
    found = [column for need in needs for column in need if column in columns]
    return tuple(layout.columns.get(column, column) for column in found)


def _own_names(names: set[str], layout: Layout) -> set[str]:
    """Return the file's own names of columns."""
    return {layout.columns.get(name, name.removeprefix("file's ")) for name in names}
