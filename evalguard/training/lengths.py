"""What happened to each row on its way to the trainer: kept whole, cut, or dropped.

A *row* is one example of the data, whatever number of sequences is made of it: a conversation can
give one for each answer, a preference pair one for each of its two answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evalguard.errors import DataError
from evalguard.records import RowCounts
from evalguard.training.formats import Example
from evalguard.training.tokens import count_tokens

_SHOWN = 3
_SPARE = 2
"""Tokens that TRL may add to a preference: the one that begins a text and the one that ends it."""


class Fate(StrEnum):
    """What happened to a row."""

    WHOLE = "whole"  # all of it is trained on
    CUT = "cut"  # a part of it lies beyond max_length
    DROPPED = "dropped"  # nothing is left that could be trained on


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows of one set of a stage.

    Attributes:
        examples: Its rows.
        fates: What happened to each.
        left_out: Rows of its file that are held out as well, and so are not among ``examples``.
    """

    examples: tuple[Example, ...]
    fates: tuple[Fate, ...]
    left_out: int = 0

    @property
    def counts(self) -> RowCounts:
        """The rows by what became of them."""
        found = Counter(self.fates)
        return RowCounts(
            read=len(self.fates) + self.left_out,
            trained=len(self.fates) - found[Fate.DROPPED],
            cut=found[Fate.CUT],
            dropped=found[Fate.DROPPED] + self.left_out,
        )

    @property
    def trained(self) -> tuple[Example, ...]:
        """The rows that are trained on."""
        pairs = zip(self.examples, self.fates, strict=True)
        return tuple(example for example, fate in pairs if fate is not Fate.DROPPED)


def row_fates(given: Sequence[int], kept: Iterable[tuple[int, bool]], *, rows: int) -> list[Fate]:
    """Return what became of each row from what became of its sequences.

    Args:
        given: For each sequence that was made, its row.
        kept: For each sequence that is left, its row and whether it is whole.
        rows: Number of rows.

    Example:
        >>> row_fates([0, 0, 1, 2], [(0, True), (0, False), (1, True)], rows=3)
        [<Fate.CUT: 'cut'>, <Fate.WHOLE: 'whole'>, <Fate.DROPPED: 'dropped'>]
    """
    made, left, whole = Counter(given), Counter[int](), Counter[int]()
    for row, is_whole in kept:
        left[row] += 1
        whole[row] += is_whole
    return [
        Fate.DROPPED if not left[row] else Fate.WHOLE if whole[row] == made[row] else Fate.CUT
        for row in range(rows)
    ]


def check_lengths(
    sets: Iterable[RowSet], *, max_length: int, max_cut_share: float, tokenizer: Any
) -> None:
    """Refuse a stage of whose files too many rows are cut or dropped.

    The share is that of each file, over its training and held-out rows together.

    Args:
        sets: Training and held-out rows.
        max_length: Tokens kept of a sequence.
        max_cut_share: Tolerated share of rows that are cut or dropped.
        tokenizer: The base's tokenizer, to say how long the longest row is.

    Raises:
        DataError: Naming the file, the first of these rows, and the length that would keep all.
    """
    files: dict[str, list[tuple[Example, Fate]]] = defaultdict(list)
    for one in sets:
        for example, fate in zip(one.examples, one.fates, strict=True):
            files[example.file].append((example, fate))
    for file, rows in files.items():
        lost = sorted(
            [(example, fate) for example, fate in rows if fate is not Fate.WHOLE],
            key=lambda one: _line(one[0]),
        )
        if len(lost) > max_cut_share * len(rows):
            raise DataError(
                _too_many(
                    file,
                    rows=rows,
                    lost=lost,
                    max_length=max_length,
                    max_cut_share=max_cut_share,
                    tokenizer=tokenizer,
                )
            )


def _too_many(
    file: str,
    *,
    rows: Sequence[tuple[Example, Fate]],
    lost: Sequence[tuple[Example, Fate]],
    max_length: int,
    max_cut_share: float,
    tokenizer: Any,
) -> str:
    found = Counter(fate for _, fate in lost)
    first = ", ".join(f"{example.where} ({fate})" for example, fate in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    longest = _longest([example for example, _ in lost], tokenizer)
    limit = tokenizer.model_max_length
    if longest <= max_length:
        fix = "fix these rows"
    elif longest > limit:
        fix = f"the longest has {longest} tokens, and the base takes {limit} at most"
    else:
        fix = f"to keep all of them, set training.max_length to {longest}"
    return (
        f"{file}: {len(lost)} of {len(rows)} rows ({len(lost) / len(rows):.0%}) lose tokens or all "
        f"of their answer at training.max_length = {max_length}: {found[Fate.CUT]} are cut and "
        f"{found[Fate.DROPPED]} dropped, and training.max_cut_share allows {max_cut_share:.0%}. "
        f"First: {first}{more}. Shorten or remove them, raise training.max_length or "
        f"training.max_cut_share; {fix}."
    )


def _line(example: Example) -> int:
    line = example.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _longest(examples: Sequence[Example], tokenizer: Any) -> int:
    lengths, _ = count_tokens(examples, tokenizer)
    return max(lengths) + (_SPARE if examples[0].chosen else 0)


def rows_line(method: str, train: RowCounts, validation: RowCounts | None) -> str:
    """Return a line on the rows of a stage.

    Example:
        >>> rows_line("sft", RowCounts(read=40, trained=38, cut=1, dropped=2), RowCounts(2, 2))
        'sft: 38 of 40 rows trained on (2 dropped, 1 cut), 2 held out'
    """
    line = f"{method}: {_share(train)} rows trained on{_lost(train)}"
    if validation is not None:
        line += f", {_share(validation)} held out{_lost(validation)}"
    return line


def _share(rows: RowCounts) -> str:
    return str(rows.read) if rows.trained == rows.read else f"{rows.trained} of {rows.read}"


def _lost(rows: RowCounts) -> str:
    parts = [(rows.dropped, "dropped"), (rows.cut, "cut")]
    shown = ", ".join(f"{count} {what}" for count, what in parts if count)
    return f" ({shown})" if shown else ""
