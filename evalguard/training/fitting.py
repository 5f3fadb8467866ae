"""Fits what a trainer was given to ``max_length``, and accounts for every row.

TRL drops rows whose prompt fills ``max_length`` for DPO and KTO, and cuts the others batch by
batch. For ORPO, CPO and SimPO it would cut such answers to nothing and take the mean of no token,
which is NaN: those trainers are built uncut, and their rows are cut and dropped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalguard.errors import DataError
from evalguard.training.formats import Example
from evalguard.training.lengths import RowSet, row_fates
from evalguard.training.tokens import IGNORED

ROW = "evalguard_row"
"""Column that tells which row a trainer's sequence is made of, while the trainer is built."""

_SIDES = ("chosen", "rejected")
_PARTS = ("input_ids", "attention_mask", "labels")
_ANSWERS = ("chosen_ids", "rejected_ids", "completion_ids")


@dataclass(frozen=True, slots=True)
class Given:
    """What a trainer is given of a set.

    Attributes:
        examples: Its rows.
        rows: A ``datasets.Dataset`` with a row for each of their sequences.
        owners: For each of these, the example that it is made of.
        whole: For each, whether its example lost nothing; ``None`` where the trainer cuts.
        left_out: Rows of the file that are not among the examples.
        second_end: Token that the trainer adds to answers whose turn the template has ended.
        unasked_start: BOS that the trainer adds to texts, and that the gate's prompts do not have.
    """

    examples: tuple[Example, ...]
    rows: Any
    owners: Sequence[int]
    whole: Sequence[bool] | None = None
    left_out: int = 0
    second_end: int | None = None
    unasked_start: int | None = None


def fit(rows: Any, given: Given, *, max_length: int) -> tuple[Any, RowSet]:
    """Return the rows that a trainer will use, and what became of each that it was given.

    Args:
        rows: The trainer's own data set, tokenised.
        given: What the trainer was given.
        max_length: Tokens kept of a sequence.

    Raises:
        DataError: If nothing of any row is left.
    """
    if given.whole is not None:
        kept = list(zip(given.owners, given.whole, strict=True))
    elif "chosen_labels" in rows.column_names:
        whole = _without_end(rows, given.second_end)
        rows, kept = _fit_pairs(_without_start(whole, given.unasked_start), max_length)
    else:
        kept = [(row[ROW], _tokens(row) <= max_length) for row in rows]
    if not kept:
        raise DataError(
            f"{given.examples[0].file}: no row has an answer within training.max_length = "
            f"{max_length} tokens; raise it"
        )
    if ROW in rows.column_names:
        rows = rows.remove_columns(ROW)
    fates = row_fates(given.owners, kept, rows=len(given.examples))
    return rows, RowSet(given.examples, tuple(fates), given.left_out)


def _without_end(rows: Any, end: int | None) -> Any:
    """Return pairs without a token that their trainer added to each answer."""
    if end is None:
        return rows

    def cut(row: Mapping[str, Any]) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for side in _SIDES:
            stop = -1 if row[f"{side}_input_ids"][-1] == end else None
            parts |= {f"{side}_{part}": row[f"{side}_{part}"][:stop] for part in _PARTS}
        return parts

    return rows.map(cut)


def _without_start(rows: Any, start: int | None) -> Any:
    """Return pairs without the BOS that their trainer added to each prompt."""
    if start is None:
        return rows

    def cut(row: Mapping[str, Any]) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for side in _SIDES:
            begin = 1 if row[f"{side}_input_ids"][0] == start else 0
            parts |= {f"{side}_{part}": row[f"{side}_{part}"][begin:] for part in _PARTS}
        return parts

    return rows.map(cut)


def _fit_pairs(rows: Any, max_length: int) -> tuple[Any, list[tuple[int, bool]]]:
    """Cut the pairs of ORPO, CPO or SimPO, and drop those with an answer that is cut to nothing."""
    places: list[int] = []
    kept: list[tuple[int, bool]] = []
    for place, row in enumerate(rows):
        sides = [(row[f"{side}_input_ids"], row[f"{side}_labels"]) for side in _SIDES]
        # The first token is predicted from nothing, so its label carries no loss.
        if all(any(one != IGNORED for one in labels[1:max_length]) for _, labels in sides):
            places.append(place)
            kept.append((row[ROW], all(len(ids) <= max_length for ids, _ in sides)))
    return rows.select(places).map(_cut_pair, fn_kwargs={"max_length": max_length}), kept


def _cut_pair(row: Mapping[str, Any], max_length: int) -> dict[str, Any]:
    names = [f"{side}_{part}" for side in _SIDES for part in _PARTS]
    return {name: row[name][:max_length] for name in names}


def _tokens(row: Mapping[str, Any]) -> int:
    """Return the tokens of a row of DPO or KTO, with its longer answer."""
    answers = [row[name] for name in _ANSWERS if name in row]
    return len(row["prompt_ids"]) + max(map(len, answers))
