"""Checks of the targets of the built-in scorers, and of what else they need from a row.

Each function takes the target, the row and the scorer's options, and returns the problem with what
is possible, or ``None``.
"""

from __future__ import annotations

import json
import math
import string
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.scorers.extract import folded, normalise
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex
from evalguard.scorers.numbers import Decimal, as_ascii, scan
from evalguard.scorers.satisfiable import impossible

Row = Mapping[str, Any]

_LETTERS = string.ascii_uppercase
_CHOICES = "choices"
_TEXTS = (str, int, float)
_INDEX = lazy_re(r"[-+]?\d+(?:\.0+)?")

_PUNCTUATION = lazy_regex(
    r"[\p{Terminal_Punctuation}\p{Sentence_Terminal}\p{Dash}\p{Quotation_Mark}…\s]+"
)
_JOINED = lazy_re(r"\s*[/+&]\s*|\s+")

SHOWN_CHARS = 80


def shown(value: object) -> str:
    """Return a value as in a data file, invisible characters escaped, truncated to fit a line."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, str):
        text = f"'{value}'"
    text = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


def not_empty(target: str, _row: Row, **_: Any) -> str | None:
    """Refuse a target that is empty once normalised."""
    if normalise(target):
        return None
    return f"{shown(target)} is empty; write the expected answer"


def with_a_word(target: str, row: Row, **_: Any) -> str | None:
    """Refuse a target of nothing but stops, commas, dashes and quotes, of which no word is left."""
    if _PUNCTUATION.fullmatch(normalise(target)):
        return f"{shown(target)} is punctuation alone; write the words of the expected answer"
    return not_empty(target, row)


def a_pattern(_target: str, _row: Row, *, pattern: Any, whole: bool = False) -> str | None:
    """Refuse a pattern that no text matches, or every one."""
    from evalguard.scorers.patterns import always_matches, never_matches

    text = pattern.pattern
    if never_matches(text, whole=whole):
        return f"option 'pattern': no text matches {shown(text)}; correct it"
    if always_matches(text, whole=whole):
        return (
            f"option 'pattern': every text matches {shown(text)}, the empty one included, so that "
            "no answer can fail; correct it"
        )
    return None


def one_of_the_choices(target: str, row: Row, *, choices: str = _CHOICES, **_: Any) -> str | None:
    """Refuse a target that is not the letter of one of the row's choices."""
    if problem := _choices_problem(row, choices):
        return problem
    texts: list[Any] = row.get(choices, [])
    possible = _LETTERS[: len(texts)] if texts else _LETTERS
    letter = target.strip().strip("().").upper()
    if len(letter) == 1 and (letter in possible or (letter.isalpha() and not letter.isascii())):
        return None  # whether letters of other scripts are read, the scorer itself says
    allowed = f"possible: {', '.join(possible)}" if texts else "possible: a letter from A to Z"
    return f"{shown(target)} {_no_choice(target, letter, texts)}; {allowed}"


def _choices_problem(row: Row, column: str) -> str | None:
    """Return why a row's choices cannot be used; the default column may also be missing."""
    if column not in row:
        missing = f"column '{column}' {_held(row, column)}; it must be a list of texts"
        return None if column == _CHOICES else missing
    found = row[column]
    form = 'it must be a list of texts, such as ["Oslo", "Bergen"]'
    if isinstance(found, list) and found and all(isinstance(one, _TEXTS) for one in found):
        return None
    if isinstance(found, list) and not found:
        return f"column '{column}' has no choices; {form}"
    if isinstance(found, str):
        form = (
            'it must be a JSON list, such as ["Oslo", "Bergen"], which CSV cannot hold: use JSONL'
        )
    elif isinstance(found, Mapping) and isinstance(found.get("text"), list):
        form += f": make the list under '{column}.text' the column"
    return f"column '{column}' {_held(row, column)}; {form}"


def _no_choice(target: str, letter: str, texts: list[Any]) -> str:
    """Return what a target is instead of the letter of a choice."""
    if not letter:
        return "is empty"
    by_text = [
        _LETTERS[index]
        for index, text in enumerate(texts[: len(_LETTERS)])
        if normalise(str(text)) == normalise(target)
    ]
    if by_text:
        return f"is the text of choice {' and '.join(by_text)}, where its letter is needed"
    if _INDEX.fullmatch(target.strip()):
        letters = _LETTERS[: len(texts) or 4]
        return (
            "is a number, where the letter of a choice is needed (for a column that counts from 0: "
            f"{{{{ '{letters}'[column | int] }}}})"
        )
    return "is not a choice of this row" if texts else "is not the letter of a choice"


def one_of_the_labels(
    target: str, row: Row, *, labels: list[str] | None = None, **_: Any
) -> str | None:
    """Refuse a target that ``labels`` lacks."""
    if labels is None:
        return not_empty(target, row)
    known = {normalise(label): label for label in labels}
    if normalise(target) in known:
        return None
    nearest = get_close_matches(normalise(target), known, n=1, cutoff=0.6)
    hint = f". Did you mean '{known[nearest[0]]}'?" if nearest else ""
    if _several_labels(target, labels):
        hint = ". It names several of them: the scorer label_set reads such targets"
    return f"{shown(target)} is not among the labels; possible: {', '.join(labels)}{hint}"


def _several_labels(target: str, labels: list[str]) -> bool:
    """Return whether a target lists more than one of the labels."""
    from evalguard.scorers.label_set import labels_of

    known = frozenset(folded(one) for one in labels)
    listed = (labels_of(one, known) for one in (target, _JOINED.sub(", ", target)))
    return any(len(found) > 1 and found <= known for found in listed)


def a_number(target: str, _row: Row, *, decimal: Decimal = "auto", **_: Any) -> str | None:
    """Refuse a target that neither is one number nor announces one."""
    from evalguard.scorers.numeric import final_number, stated_number

    meant = final_number(target, decimal) or final_number(target)
    stated = stated_number(target, decimal) or stated_number(target)
    if meant is not None and stated is not None and meant.value == stated.value:
        return None
    if not any(scan(as_ascii(target), "auto")):
        return f"{shown(target)} holds no number; write one, such as 1,234.5 or 3/4"
    return (
        f"{shown(target)} is not one number; write one, such as 1,234.5 or 3/4, or announce it "
        "at the end, such as #### 42"
    )


def an_object(
    target: str, _row: Row, *, fields: list[str] | None = None, **options: Any
) -> str | None:
    """Refuse a target that is no JSON object, or has none of the fields that are compared."""
    from evalguard.scorers.fields import right_leaves
    from evalguard.scorers.structure import INVALID, parse_json, unambiguous

    try:
        right_leaves(target, fields=fields, **options)
    except MeasurementError:
        value = parse_json(target)
        if not isinstance(value, dict):
            return (
                f"{shown(target)} is not a JSON object; write one, such as "
                f"{{{{ column | tojson }}}}"
            )
        if unambiguous(value) is INVALID:
            return f"{shown(target)} has a key twice; write each once"
        if not value:
            return f"{shown(target)} has no field; write at least one"
        return (
            f"{shown(target)} has the fields {', '.join(value)} and none that is compared; "
            f"possible: {', '.join(fields or ())}"
        )
    return None


def listed_aliases(_target: str, row: Row, *, aliases: str | None = None, **_: Any) -> str | None:
    """Refuse a row whose column of further right answers is missing or holds something else."""
    from evalguard.scorers.text import right_answers

    try:
        right_answers("", row, aliases)
    except MeasurementError:
        return f"column '{aliases}' {_held(row, aliases)}; it must be a list of texts"
    return None


def a_schema(target: str, row: Row, *, schema: Any = None, column: str = "schema") -> str | None:
    """Refuse a row whose schema is missing, is none, or refers to what is not there."""
    from evalguard.scorers.structure import json_schema

    if schema is None and not isinstance(row.get(column), dict):
        return f"column '{column}' {_held(row, column)}; it must be a JSON schema, an object"
    try:
        json_schema(target or "{}", target, row, schema=schema, column=column)
    except MeasurementError as error:
        return str(error)
    if impossible(row.get(column) if schema is None else schema.schema):
        where = f"column '{column}' {_held(row, column)}" if schema is None else "option 'schema'"
        return f"{where}: no value fits this schema; correct it"
    return None


def a_secret(_target: str, row: Row, *, column: str = "secret", **_: Any) -> str | None:
    """Refuse a row without a text to withhold."""
    from evalguard.scorers.leakage import withheld

    try:
        withheld("answer", "", row, column=column)
    except MeasurementError:
        return f"column '{column}' {_held(row, column)}; it must be a text to withhold"
    return None


def _held(row: Row, column: str | None) -> str:
    """Return what a row has in a column, for messages."""
    if column is None or column not in row:
        return "is missing"
    return f"holds {shown(row[column])}"


def kept_constraints(
    _target: str,
    row: Row,
    *,
    require: Mapping[str, Any] | None = None,
    column: str = "constraints",
    **_: Any,
) -> str | None:
    """Refuse constraints that cannot be checked, or that no answer can satisfy together."""
    from evalguard.scorers.constraints import problems_of

    asked: Any = row.get(column) if require is None else require
    where = f"column '{column}'" if require is None else "option 'require'"
    if not isinstance(asked, Mapping):
        return f"{where} {_held(row, column)}; it must be a mapping of constraints"
    found = problems_of(asked) or _contradictions(asked)
    return f"{where}: {'; '.join(found)}" if found else None


def _contradictions(asked: Mapping[str, Any]) -> list[str]:
    """Return the constraints that exclude each other."""
    from evalguard.scorers.constraints import CHECKS

    excludes = CHECKS["exclude"]
    found = []
    for unit in ("words", "sentences"):
        low, high = asked.get(f"min_{unit}", 0), asked.get(f"max_{unit}")
        if high is not None and low > high:
            found.append(f"min_{unit} {low} is more than max_{unit} {high}")
    found += _more_words_than_allowed(asked)
    for name in ("include", "starts_with", "ends_with"):
        for text in _texts(asked.get(name)):
            unwanted = [one for one in _texts(asked.get("exclude")) if not excludes(text, one)]
            found += [f"{name} asks for '{text}', and exclude forbids '{one}'" for one in unwanted]
    for name in ("starts_with", "ends_with"):
        if "letters" in asked and not CHECKS["letters"](asked.get(name, ""), asked["letters"]):
            found.append(f"{name} '{asked[name]}' is not in {asked['letters']} case")
    return found


def _more_words_than_allowed(asked: Mapping[str, Any]) -> Iterator[str]:
    """Yield the constraints that need more words than ``max_words``."""
    high = asked.get("max_words", math.inf)
    needed = {
        "min_sentences": asked.get("min_sentences", 0),
        "paragraphs": asked.get("paragraphs", 0),
        "list_items": 2 * asked.get("list_items", 0),  # the mark of an item counts as a word
    }
    for name, words in needed.items():
        if words > high:
            yield f"{name} {asked[name]} needs {words} words, and max_words is {high}"
    for text in _texts(asked.get("include")):
        if len(text.split()) > high:
            yield f"include asks for '{text}', and max_words is {high}"


def _texts(value: Any) -> list[str]:
    """Return one text, or a list of texts, as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
