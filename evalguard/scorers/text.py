"""Scorers that compare text with text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import regex
from pydantic import BeforeValidator

from evalguard.errors import MeasurementError
from evalguard.records import Metric
from evalguard.scorers.alternatives import PHRASE, settled, without_other
from evalguard.scorers.extract import folded, lenient_texts, normalise, plain_signs, readings
from evalguard.scorers.registry import scorer
from evalguard.scorers.targets import a_pattern, listed_aliases, not_empty
from evalguard.scorers.turns import own_part
from evalguard.scorers.words import holds

REGEX_SECONDS = 1.0
"""Time limit of one search; a sound pattern needs far below a millisecond."""


def right_answers(target: str, row: Mapping[str, Any], aliases: str | None) -> list[str]:
    """Return the target and the further right answers that a row's column lists.

    Empty ones, as in a CSV file's empty cell, are none.

    Raises:
        MeasurementError: If the column is missing or holds neither a string nor a list of them.
    """
    if aliases is None:
        return [target]
    further = row.get(aliases)
    if isinstance(further, str):
        further = [further]
    if isinstance(further, list) and all(isinstance(one, str) for one in further):
        return [target, *(one for one in further if normalise(one))]
    raise MeasurementError(
        f"column '{aliases}' (option aliases) holds {further!r}; it must be a list of strings"
    )


@scorer(
    name="exact_match",
    metrics=(Metric("exact_match"), Metric("exact_match_lenient")),
    check_target=not_empty,
    check_row=listed_aliases,
    target_is_answer=True,
)
def exact_match(
    output: str,
    target: str,
    row: Mapping[str, Any],
    *,
    ignore_case: bool = True,
    aliases: str | None = None,
) -> dict[str, float]:
    """Score 1 where the normalised output equals the target or one of its aliases.

    Strict: the whole output. Lenient: :func:`evalguard.scorers.extract.lenient_texts`, that is the
    announced answer, else the only fenced block, else the first line, without quotes, emphasis
    and LaTeX. An empty output scores 0.
    """
    right = {normalise(one, ignore_case=ignore_case) for one in right_answers(target, row, aliases)}
    if not output.strip():
        return {"exact_match": 0.0, "exact_match_lenient": 0.0}
    if normalise(output, ignore_case=ignore_case) in right:
        return {"exact_match": 1.0, "exact_match_lenient": 1.0}
    bare = {
        folded(reading, ignore_case=ignore_case)
        for one in right_answers(target, row, aliases)
        for reading in (one, *readings(one))
    }
    texts = [*lenient_texts(output), *lenient_texts(settled(output, PHRASE))]
    texts += [reading for one in texts for reading in readings(without_other(one))]
    lenient = any(folded(one, ignore_case=ignore_case) in bare for one in texts)
    return {"exact_match": 0.0, "exact_match_lenient": float(lenient)}


@scorer(name="contains", check_target=not_empty, check_row=listed_aliases, target_is_answer=True)
def contains(
    output: str,
    target: str,
    row: Mapping[str, Any],
    *,
    ignore_case: bool = True,
    whole_words: bool = True,
    aliases: str | None = None,
) -> bool:
    """Score 1 where the normalised output holds the target or one of its aliases.

    What follows the next question or turn does not count: :func:`evalguard.scorers.turns.own_part`.
    With ``whole_words`` the target must not be part of a longer word or number: "no" is not in
    "know", "5" not in "12.5"; see :func:`evalguard.scorers.words.holds` for other scripts. Full
    width and the digits of other scripts make no difference.
    """
    for one in right_answers(target, row, aliases):
        wanted = normalise(plain_signs(one), ignore_case=ignore_case)
        # A target that itself holds a question or turn is looked for in all of the output.
        kept = output if own_part(one) != one else own_part(output)
        text = normalise(plain_signs(kept), ignore_case=ignore_case)
        if wanted and holds(text, wanted, whole_words=whole_words):
            return True
    return False


def _compiled(pattern: object) -> regex.Pattern[str]:
    """Compile an option's pattern.

    Raises:
        ValueError: If it is not a pattern; pydantic turns it into the option's error.
    """
    try:
        return regex.compile(str(pattern))
    except regex.error as error:
        raise ValueError(f"not a regular expression ({error})") from error


@scorer(name="regex", check_row=a_pattern)
def regex_match(
    output: str,
    *,
    pattern: Annotated[regex.Pattern[str], BeforeValidator(_compiled)],
    whole: bool = False,
) -> bool:
    """Score 1 where the pattern is found in the output, or with ``whole`` matches all of it.

    Raises:
        MeasurementError: If the search takes over :data:`REGEX_SECONDS`.
    """
    return found_in_time(pattern, output.strip() if whole else output, whole=whole)


def found_in_time(pattern: regex.Pattern[str], text: str, *, whole: bool = False) -> bool:
    """Return whether a pattern is found in a text, or matches all of it.

    Raises:
        MeasurementError: If the search takes over :data:`REGEX_SECONDS`.
    """
    search = pattern.fullmatch if whole else pattern.search
    try:
        return search(text, timeout=REGEX_SECONDS) is not None
    except TimeoutError:
        raise MeasurementError(
            f"the pattern {pattern.pattern!r} was stopped after {REGEX_SECONDS:g} s on a text of "
            f"{len(text):,} characters; remove nested repeats such as (a+)+"
        ) from None
