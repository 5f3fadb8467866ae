"""Stop strings that make every answer of the required form impossible, for any target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalguard.scorers.binding import Row, Scorer
from evalguard.scorers.patterns import never_matches
from evalguard.scorers.targets import shown

MANY = 2
"""Paragraphs or items from which there is a line break between them."""

NEWLINE = "\n"


def form_problem(scorer: Scorer, row: Row, stop: Sequence[str]) -> str | None:
    """Return why no answer keeps its form once the stop strings have cut it, or ``None``.

    Args:
        scorer: What will measure the answer.
        row: The sample's row of the test set.
        stop: Texts at which an answer is cut.
    """
    asked = _FORMS.get(scorer.name)
    return asked(scorer.arguments, row, tuple(one for one in stop if one)) if asked else None


def _pattern(arguments: Mapping[str, Any], _row: Row, stop: tuple[str, ...]) -> str | None:
    pattern, whole = arguments["pattern"].pattern, arguments["whole"]
    if not stop or not never_matches(pattern, whole=whole, stop=stop):
        return None
    alone = [one for one in stop if never_matches(pattern, whole=whole, stop=(one,))]
    return f"{_cut(alone or stop)} every answer that the pattern {shown(pattern)} matches"


def _json(_arguments: Mapping[str, Any], _row: Row, stop: tuple[str, ...]) -> str | None:
    """Objects and arrays are what an answer in JSON is; stops may end one kind, not both."""
    cut = [one for signs in ("{}", "[]") for one in stop if one in set(signs)]
    kinds = [any(one in set(signs) for one in cut) for signs in ("{}", "[]")]
    return f"{_cut(cut)} every JSON object and array" if all(kinds) else None


def _constraints(arguments: Mapping[str, Any], row: Row, stop: tuple[str, ...]) -> str | None:
    own = arguments["require"]
    asked: Mapping[str, Any] = row[arguments["column"]] if own is None else own
    for name in ("starts_with", "ends_with"):
        text = asked.get(name, "")
        if cut := [one for one in stop if one in text]:
            return f"{_cut(cut)} every answer that keeps {name} {shown(text)}"
    for name in ("paragraphs", "list_items"):
        if NEWLINE in stop and asked.get(name, 0) >= MANY:
            return f"{_cut([NEWLINE])} every answer that keeps {name} {asked[name]}"
    return None


def _cut(stop: Sequence[str]) -> str:
    one = len(stop) == 1
    named = " and ".join(map(shown, stop))
    return f"the stop string {named} cuts" if one else f"the stop strings {named} cut"


_FORMS: dict[str, Callable[[Mapping[str, Any], Row, tuple[str, ...]], str | None]] = {
    "regex": _pattern,
    "json_valid": _json,
    "constraints": _constraints,
}
"""What the stop strings may cut, by the built-in scorer."""
