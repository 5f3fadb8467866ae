"""Exports of annotation tools: Label Studio, Argilla and Prodigy, and cells that hold a list.

A row of such a file may hold the labels of several people, and what was not submitted. It is
turned into a row for each label before it is read as any other.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evalguard.tasks.label_values import LabelError
from evalguard.tasks.rows import Row

Data = Mapping[str, Any]

_SUBMITTED = (None, "submitted")
_IN_CELL = ("choices", "rating", "selected", "value")
"""Keys of a label in a cell: Label Studio's by its controls, and Argilla's."""


def rows_of(row: Row, label: str) -> list[Row]:
    """Return a row for each label that a row holds.

    Args:
        row: The row.
        label: Column of the label. An export of one question alone needs no other name for it.

    Returns:
        One row or several; none where nobody labelled it.

    Raises:
        LabelError: If a question has the name of a column of the data, or two answers.

    Example:
        >>> [one.data["label"] for one in rows_of(Row(1, {"label": ["yes", "no"]}), "label")]
        ['yes', 'no']
    """
    return [
        replace(row, data=data)
        for record in _records(row.data, label)
        for data in _one_each(record, label)
    ]


def _records(data: Data, label: str) -> Iterator[Data]:
    if isinstance(data.get("data"), dict) and isinstance(data.get("annotations"), list):
        for annotation in data["annotations"]:
            if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
                answered = _controls(annotation.get("result"))
                yield _joined(data["data"], answered, label)
    elif isinstance(data.get("fields"), dict) and isinstance(data.get("responses"), dict | list):
        yield _joined(data["fields"], _responses(data["responses"]), label)
    elif label == "accept" and data.get("answer") in ("reject", "ignore"):
        return  # Prodigy: the annotator made no choice
    else:
        yield data


def _controls(result: Any) -> dict[str, Any]:
    """Return what was chosen in each control of a Label Studio annotation."""
    found: dict[str, Any] = {}
    for one in result if isinstance(result, list) else ():
        value = one.get("value") if isinstance(one, dict) else None
        if isinstance(value, dict) and any(key in value for key in _IN_CELL):
            name = str(one.get("from_name"))
            if name in found:
                raise LabelError(name, value, "one result of each control in an annotation")
            found[name] = value
    return found


def _responses(responses: Any) -> dict[str, list[Any]]:
    """Return the answers to each of Argilla's questions, in the forms of versions 1 and 2."""
    found: dict[str, list[Any]] = {}
    if isinstance(responses, dict):
        return {name: list(values) for name, values in responses.items() if values}
    for response in responses:
        for name, answer in (response.get("values") or {}).items():
            found.setdefault(name, []).append({**answer, "status": response.get("status")})
    return found


def _joined(texts: Data, answered: Data, label: str) -> Data:
    if twins := sorted(texts.keys() & answered.keys()):
        raise LabelError(twins[0], texts[twins[0]], "a question with a name that no column has")
    data = {**texts, **answered}
    if label not in data and len(answered) == 1:
        data[label] = next(iter(answered.values()))
    return data


def _one_each(data: Data, label: str) -> Iterator[Data]:
    labels = labels_in(data.get(label))
    if labels is None:
        yield data
        return
    states = data.get(f"{label}.status")
    if not isinstance(states, list) or len(states) != len(labels):
        states = [None] * len(labels)
    for one, state in zip(labels, states, strict=True):
        if state in _SUBMITTED:
            yield {**data, label: one}


def labels_in(value: Any) -> list[Any] | None:
    """Return the labels that a cell holds as a list or an object; ``None`` where it is a label.

    Example:
        >>> labels_in('{"choices": ["yes"]}'), labels_in("['yes', 'no']"), labels_in("yes")
        (['yes'], ['yes', 'no'], None)
        >>> labels_in([{"value": "yes", "status": "submitted"}, {"value": "no", "status": "draft"}])
        ['yes']
    """
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, dict):
        return _of_object(value)
    if not isinstance(value, list) or not value:
        return None
    found: list[Any] = []
    for one in value:
        inside = labels_in(one) if isinstance(one, dict | list) else [one]
        if inside is None:
            return None
        found += inside
    return found


def _of_object(value: Data) -> list[Any] | None:
    if value.get("status") not in _SUBMITTED:
        return []
    held = [value[key] for key in _IN_CELL if key in value]
    if len(held) != 1:
        return None
    return labels_in(held[0]) if isinstance(held[0], dict | list) else held


def _parsed(text: str) -> Any:
    """Return the list or object that a cell of a CSV holds, as JSON or as Python writes it."""
    if not text.lstrip().startswith(("[", "{")):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None
