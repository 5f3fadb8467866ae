"""Holds what a training made of a form to what the form means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.data_formats.forms.registry import Form
from benchmarks.data_formats.meant import Outcome, Refused, Trained
from benchmarks.data_formats.rendered import Renderer
from benchmarks.data_formats.trained import Result

LONGEST_MESSAGE = 1500
"""Characters of an error that a person still reads."""

MOST_LINES = 12
"""Lines of an error that has one cause."""

USAGE = 4
"""Exit code of an error in the data or the configuration."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that is not as meant.

    Attributes:
        text: What it is.
        silent: Whether the training succeeded with something else than was meant, or without
            something that was there, and nothing was said.
    """

    text: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    Attributes:
        form: What was trained on.
        result: What came of it.
        misses: What is not as meant; empty where the target is reached.
    """

    form: Form
    result: Result
    misses: tuple[Miss, ...]

    @property
    def false_success(self) -> bool:
        """Whether something vanished or changed silently."""
        return any(miss.silent for miss in self.misses)


def judge(form: Form, result: Result, renderer: Renderer) -> Line:
    """Return the row of a form: what the allowed outcome misses that is nearest to it."""
    found = [tuple(_misses(form, result, outcome, renderer)) for outcome in form.allowed]
    return Line(form, result, min(found, key=len))


def reached(result: Result) -> str:
    """Return what came of a form, in a word."""
    if result.crashed:
        return "traceback"
    return "trained" if result.code == 0 else "error"


def counted(record: Mapping[str, Any], name: str) -> Any:
    """Return what the record of the first stage says of its rows; ``None`` for nothing."""
    stages = record.get("stages") or [{}]
    return stages[0].get("train", {}).get(name)


def _misses(form: Form, result: Result, outcome: Outcome, renderer: Renderer) -> Iterator[Miss]:
    if result.crashed:
        yield Miss(f"traceback: {result.output.strip().splitlines()[-1]}")
    elif isinstance(outcome, Refused):
        yield from _unrefused(form, result, outcome)
    elif result.code:
        yield Miss(f"refused: {_short(result.output)}")
    else:
        yield from (Miss(fault, silent=True) for fault in result.faults)
        yield from _unlike(result, outcome, renderer)
        yield from _unsaid(result, outcome)


def _unrefused(form: Form, result: Result, outcome: Refused) -> Iterator[Miss]:
    if result.code == 0:
        yield Miss("trained as if nothing were wrong", silent=True)
        return
    message = result.output.strip()
    if result.code != USAGE:
        yield Miss(f"exit code {result.code}: {_short(message)}")
    train = form.data.get("train")
    key = f"{train}:" if isinstance(train, str) else "data.train:"  # a folder, or a list
    if not any(file in message for file in (*form.files, *([key] if train else ()))):
        yield Miss(f"the message does not name {next(iter(form.files))}: {_short(message)}")
    if outcome.row is not None and not re.search(rf"(:|rows? |lines? ){outcome.row}\b", message):
        yield Miss(f"the message does not name row {outcome.row}: {_short(message)}")
    for group in outcome.words:
        if not _holds(message, group):
            yield Miss(f"the message lacks {' or '.join(map(repr, group))}: {_short(message)}")
    reasons = Counter(re.sub(r"\d+", "", line) for line in message.splitlines() if line.strip())
    if reasons and (most := max(reasons.values())) > 1:
        yield Miss(f"one cause is told {most} times: {_short(message)}")
    if len(message) > LONGEST_MESSAGE or len(message.splitlines()) > MOST_LINES:
        length = f"{len(message)} characters in {len(message.splitlines())} lines"
        yield Miss(f"the message has {length}")


def _unlike(result: Result, outcome: Trained, renderer: Renderer) -> Iterator[Miss]:
    """Yield how the lessons differ from those that were meant."""
    lessons = (lesson for row in outcome.rows for lesson in renderer.lessons(row))
    fitting = (_fitting(lesson, outcome.length) for lesson in lessons)
    meant = Counter(_plain(lesson, renderer) for lesson in fitting if lesson is not None)
    found = Counter(_plain(lesson, renderer) for lesson in result.lessons)
    missing, more = list((meant - found).elements()), list((found - meant).elements())
    if not missing and not more:
        return
    text = f"{len(missing)} of {meant.total()} not trained as meant"
    if missing and more:
        nearest = max(more, key=lambda other: _shared(missing[0], other))
        text += f": {_difference(missing[0], nearest, renderer)}"
    elif missing:
        text += f", such as {_text(missing[0], renderer)}"
    else:
        text = f"{len(more)} trained that nobody meant, such as {_text(more[0], renderer)}"
    yield Miss(text, silent=True)


def _fitting(lesson: Any, length: int | None) -> Any:
    """Return what is left of a lesson in a sequence of so many tokens; ``None`` for nothing."""
    if length is None:
        return lesson
    seen, *rest = lesson
    if len(seen) >= length:
        return None
    room = length - len(seen)
    return (seen, *(part[:room] if isinstance(part, tuple) else part for part in rest))


def _plain(lesson: Any, renderer: Renderer) -> Any:
    """Return a lesson without white space behind its end."""
    return tuple(
        renderer.trimmed(part) if isinstance(part, tuple) and place else part
        for place, part in enumerate(lesson)
    )


def _unsaid(result: Result, outcome: Trained) -> Iterator[Miss]:
    """Yield what had to be said and was not."""
    lines = result.output.splitlines()
    for column, rows in outcome.ignored.items():
        word = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)")
        naming = [line for line in lines if word.search(line) and "ignored" in line.casefold()]
        if not naming:
            yield Miss(f"column '{column}' vanished", silent=True)
        elif len(naming) > 1:
            yield Miss(f"column '{column}' is named {len(naming)} times")
        elif rows is not None and not re.search(rf"\b{rows}\b", naming[0]):
            yield Miss(f"column '{column}' is named without its {rows} rows: {naming[0].strip()}")
    for group in outcome.said:
        if not _holds(result.output, group):
            yield Miss(f"the output lacks {' or '.join(map(repr, group))}", silent=True)
    for name, figure in outcome.counts.items():
        found = counted(result.record, name)
        if found != figure:
            yield Miss(f"the record says {name} = {found}, not {figure}")


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return any(word.casefold() in text.casefold() for word in words)


def _difference(meant: Any, found: Any, renderer: Renderer) -> str:
    """Return where two lessons part, in text."""
    for one, other in zip(meant, found, strict=False):
        if one == other:
            continue
        if not isinstance(one, tuple):
            return f"label {other} for {one}"
        pairs = zip(one, other, strict=False)
        length = min(len(one), len(other))
        at = next((i for i, (a, b) in enumerate(pairs) if a != b), length)
        wanted, got = (renderer.tokenizer.decode(ids[max(at - 3, 0) :]) for ids in (one, other))
        return f"{got[:60]!r} for {wanted[:60]!r}"
    return "more parts"


def _shared(one: Any, other: Any) -> int:
    """Return how many tokens both have in their places, for the nearest of several."""
    parts = [(a, b) for a, b in zip(one, other, strict=False) if isinstance(a, tuple)]
    return sum(x == y for a, b in parts for x, y in zip(a, b, strict=False))


def _text(lesson: Any, renderer: Renderer) -> str:
    return " | ".join(
        repr(renderer.tokenizer.decode(part)[-60:]) if isinstance(part, tuple) else str(part)
        for part in lesson
    )


def _short(message: str) -> str:
    return " ".join(message.split())[:300]
