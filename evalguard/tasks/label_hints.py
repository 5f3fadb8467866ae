"""What to write under ``labelled`` for a file of labels that cannot be read as it is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalguard.scorers.written import written
from evalguard.scorers.yes_no import FALSE, NO, TRUE, YES
from evalguard.tasks.label_exports import labels_in
from evalguard.tasks.label_values import SKIP, LabelReading

Data = Mapping[str, Any]

_LEFT_OUT = "…"
"""What stands for a name that the file does not give away."""

_MOST_VALUES = 12
_MOST_LABELS = 6
"""Values of a column that may be one of labels."""

_ANSWERS = ("answer", "response", "reply", "output", "completion", "text", "generation",
            "model_output", "prediction", "generated_text")  # fmt: skip
_QUESTIONS = ("question", "prompt", "instruction", "input", "query", "user_input")
_LABELS = ("label", "labels", "better", "winner", "verdict", "vote", "rating", "score", "choice",
           "judgement", "judgment", "preference", "annotation", "accept")  # fmt: skip
_PAIRS = (
    ("response_a", "response_b"), ("answer_a", "answer_b"), ("output_a", "output_b"),
    ("output_1", "output_2"), ("response_1", "response_2"), ("answer_1", "answer_2"),
    ("completion_a", "completion_b"), ("model_a_response", "model_b_response"),
    ("response1", "response2"), ("response_0", "response_1"), ("answer_0", "answer_1"),
    ("output1", "output2"), ("answer1", "answer2"),
)  # fmt: skip
_OTHER_ANSWERS = re.compile(
    r"(?:.*[_.\s-])?(?:gold(?:en)?|correct(?:ed)?|reference|expected|ideal|target|revised|edited|"
    r"rewrit\w+|truth|suggested|improved)(?:[_.\s-].*)?",
    re.IGNORECASE,
)
"""Names of answers that nobody was asked about: they are neither what was labelled nor a prompt."""

_NO_LABELS = re.compile(
    r"(?:.*[_.])?(?:id|ids|hash|at|time|annotator|users?|status|model|split|source|lang\w*)"
)
_FAVOURABLE = YES | TRUE | frozenset((
    "y", "accept", "accepted", "good", "ok", "okay", "positive", "acceptable", "gut", "bien",
    "👍", "✅", "✔",
))  # fmt: skip
_UNFAVOURABLE = NO | FALSE | frozenset((
    "n", "reject", "rejected", "bad", "poor", "negative", "unacceptable", "schlecht", "mal",
    "👎", "❌", "✖",
))  # fmt: skip
_NEITHER = frozenset((
    "", "null", "[]", "ignore", "skip", "skipped", "unsure", "unclear", "n/a", "na", "none", "?",
    "-", "don't know",
))  # fmt: skip
_SIDES = {"left": 0, "right": 1, "first": 0, "second": 1, "1": 0, "2": 1,
          **dict.fromkeys(("same", "similar", "even", "both", "both good", "both bad", "neither",
                           "1.5"), 2)}  # fmt: skip
"""Which of two answers, or neither, a word means in most tools."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task reads from a file of labels.

    Attributes:
        file: The file, as the suite names it.
        label: Our column of the label.
        answers: Our columns of the answers.
        prompt: The columns that the prompt is made from.
        names: Our labels: in favour of what is judged, against it, and perhaps a tie.
        known: Our label of each value that is read without being told.
        reading: What the suite says already.
    """

    file: str
    label: str
    answers: Sequence[str]
    prompt: Collection[str]
    names: Sequence[str]
    known: Mapping[str, str]
    reading: LabelReading


def hint(wanted: Wanted, rows: Sequence[Data]) -> str:
    """Return the lines of a suite file with which a file of labels may be read.

    Args:
        wanted: What is read.
        rows: The rows of the file, each with one label.

    Returns:
        The lines, after a sentence that says what is to be checked; empty where names and values
        of columns change nothing.
    """
    if not rows:
        return ""
    named = sorted({column for row in rows for column in row})
    columns = _columns(wanted, named, rows)
    theirs = columns.get(wanted.label, wanted.label)
    several = _label_columns(wanted, named, rows)
    if _names_models(rows, theirs):
        return (
            f"\n'{theirs}' names models, and which of them is a or b changes from row to row: "
            "write model_a, model_b or tie in their place."
        )
    if theirs == _LEFT_OUT and len(several) > 1:
        return (
            f"\n{len(several)} columns hold labels ({', '.join(several)}): write a row for each of "
            f"them, with the same texts and its own '{wanted.label}'."
        )
    values = None if wanted.reading.scale else _values(wanted, _held(rows, theirs))
    if columns == dict(wanted.reading.columns) and values is None:
        return ""
    lines = [f"file: {wanted.file}"]
    lines += [f"columns: {_flow(columns)}"] if columns else []
    lines += [values] if values is not None else []
    if len(lines) == 1:
        return f"\nIf this is what the file means, write in the suite:\n    labelled: {wanted.file}"
    shown = "".join(f"\n      {line}" for line in lines)
    return f"\nIf this is what the file means, write in the suite:\n    labelled:{shown}"


def _held(rows: Sequence[Data], column: str) -> list[Any]:
    """Return the labels in a column, each of those that one cell holds."""
    cells = [(row.get(column), labels_in(row.get(column))) for row in rows]
    return [one for value, inside in cells for one in ([value] if inside is None else inside)]


def _columns(wanted: Wanted, named: Sequence[str], rows: Sequence[Data]) -> dict[str, str]:
    """Return their name of each of our columns that the file does not have under our own."""
    found = {ours: theirs for ours, theirs in wanted.reading.columns.items() if theirs in named}
    free = [column for column in named if column not in found.values()]
    if _is_prodigy(rows) and wanted.label not in found and wanted.label not in named:
        found[wanted.label] = "accept" if "accept" in named else "answer"
        found |= {"answer": "text"} if wanted.answers == ("answer",) and "text" in named else {}
    if len(wanted.answers) == 2 and not {*wanted.answers} <= {*named, *found}:
        pair = next((pair for pair in _PAIRS if {*pair} <= {*free}), (_LEFT_OUT, _LEFT_OUT))
        found |= dict(zip(wanted.answers, pair, strict=True))
    for ours in (*wanted.answers, wanted.label):
        if ours not in found and ours not in named:
            usual = _LABELS if ours == wanted.label else _ANSWERS
            found[ours] = _usual(usual, named, found.values())
            if ours == wanted.label and found[ours] == _LEFT_OUT:
                labels = _label_columns(wanted, named, rows)
                found[ours] = labels[0] if len(labels) == 1 else _LEFT_OUT
    missing = [one for one in wanted.prompt if one not in named and one not in found]
    if missing and "question" not in found:
        question = _usual(_QUESTIONS, named, found.values())
        taken = {*wanted.answers, wanted.label, *wanted.prompt, *found.values()}
        free = [
            one
            for one in named
            if one not in taken
            and not _NO_LABELS.fullmatch(one)
            and not _OTHER_ANSWERS.fullmatch(one)
        ]
        if question == _LEFT_OUT and len(free) == 1:
            question = free[0]
        found[missing[0] if len(missing) == 1 else "question"] = question
    return found


def _usual(usual: Sequence[str], named: Sequence[str], taken: Collection[str]) -> str:
    return next((one for one in usual if one in named and one not in taken), _LEFT_OUT)


def _names_models(rows: Sequence[Data], label: str) -> bool:
    """Whether labels are names of models that change their places."""
    models = {(written(row.get("model_a")), written(row.get("model_b"))) for row in rows}
    named = {name for pair in models for name in pair}
    return len(models) > 1 and any(written(row.get(label)) in named - {"null"} for row in rows)


def _is_prodigy(rows: Sequence[Data]) -> bool:
    states = {written(row.get("answer")) for row in rows}
    return states <= {"accept", "reject", "ignore"} and "text" in rows[0]


def _label_columns(wanted: Wanted, named: Sequence[str], rows: Sequence[Data]) -> list[str]:
    """Return the columns all of whose values may be labels."""
    found = []
    for column in named:
        values = {written(value) for value in _held(rows, column)}
        is_few = 1 < len(values) <= _MOST_LABELS and len(values) < len(rows) / 2
        if is_few and not _NO_LABELS.fullmatch(column) and column not in wanted.prompt:
            found.append(column)
    return found


def _values(wanted: Wanted, labels: Sequence[Any]) -> str | None:
    """Return the line that says what the labels mean; ``None`` where all are known."""
    known = wanted.reading.values or wanted.known
    found = Counter(written(label) for label in labels)
    spelled = {written(label): label for label in reversed(labels)}
    unknown = [value for value, _ in found.most_common() if value not in known]
    if not unknown:
        return None
    if len(unknown) > _MOST_VALUES or _are_scores(wanted, found):
        return _scale(wanted, found)
    meant = {name: list[Any]() for name in (*wanted.names, SKIP)}
    for value in found:
        if value in known:
            meant[known[value]].append(spelled[value])
    unsure = [value for value in unknown if not _guessed(wanted, value, spelled, meant)]
    for value in unsure:
        name = next((one for one in wanted.names if not meant[one]), SKIP)
        meant[name].append(spelled[value])
    shown = {name: values[0] if len(values) == 1 else values for name, values in meant.items()}
    left = "" if all(meant[name] for name in wanted.names[:2]) else "  # name the others, too"
    swapped = "  # check which is which" if unsure else left
    return (
        f"values: {_flow({name: value for name, value in shown.items() if value != []})}{swapped}"
    )


def _guessed(
    wanted: Wanted, value: str, spelled: Mapping[str, Any], meant: Mapping[str, list[Any]]
) -> bool:
    """Add a value to the label that its word means; return whether it means one."""
    favoured, other, *tie = wanted.names
    if value in _NEITHER:
        name = SKIP
    elif tie and value in _SIDES and not (value == "1" and "0" in spelled):
        name = wanted.names[_SIDES[value]]
    elif not tie and value in _FAVOURABLE:
        name = favoured
    elif not tie and value in _UNFAVOURABLE:
        name = other
    else:
        return False
    meant[name].append(spelled[value])
    return True


def _are_scores(wanted: Wanted, found: Collection[str]) -> bool:
    numbers = [value for value in found if re.fullmatch(r"-?[\d.]+(?:/\d+)?", value)]
    most = 3 if len(wanted.names) > 2 else 2
    return len(numbers) > max(most, len(found) / 2)


def _scale(wanted: Wanted, found: Collection[str]) -> str | None:
    numbers = [float(value) for value in found if re.fullmatch(r"-?\d+(?:\.\d+)?", value)]
    if len(numbers) < len(found) / 2 or len(wanted.names) > 2:
        return f"values: {{{', '.join(f'{name}: {_LEFT_OUT}' for name in wanted.names)}}}"
    low, high = min(numbers), max(numbers)
    best = f"{low:g}, high: {high:g}, pass_from: {_LEFT_OUT}"
    return f"scale: {{low: {best}}}  # the ends of your scale, and what passes"


def _flow(values: Mapping[str, Any]) -> str:
    """Return a mapping as YAML in one line."""
    return f"{{{', '.join(f'{name}: {_scalar(value)}' for name, value in values.items())}}}"


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str) and re.fullmatch(
        r"[^\W\d][\w.-]*(?: [\w.-]+)*|-?\d+(?:\.\d+)?|…", value
    ):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
