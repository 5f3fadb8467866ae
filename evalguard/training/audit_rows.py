"""What a stage can make of its rows: whether they fit, and whether KTO can tell them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from evalguard.errors import ModelError
from evalguard.quiet import quiet
from evalguard.tasks.rows import Cause
from evalguard.training.audit_findings import SHOWN_EVIDENCE, AuditFinding, Level, Location, cut
from evalguard.training.audit_words import whole
from evalguard.training.formats import Example
from evalguard.training.rows import RowProblem, causes_of
from evalguard.training.tokens import count_tokens

_REASON = 1_200
"""Characters of a reason: it ends with what to do."""


def count_lengths(
    examples: Sequence[Example], tokenizer: Any
) -> tuple[list[AuditFinding], list[int]]:
    """Return the tokens of each row, or a finding on what keeps them from being counted.

    Args:
        examples: The rows.
        tokenizer: The base's tokenizer.
    """
    try:
        with quiet():
            lengths, refused = count_tokens(examples, tokenizer)
    except ModelError as error:
        finding = AuditFinding(
            code="not_rendered",
            level=Level.ERROR,
            title="the rows cannot be rendered with the base's chat template",
            count=1,
            advice=str(error),
        )
        return [finding], []
    findings = find_problems(
        refused,
        code="refused_by_template",
        what="cannot be rendered with the base's chat template",
        advice="Change them as each reason says, or choose another base.",
    )
    return list(findings), lengths


def find_problems(
    problems: Sequence[RowProblem], *, code: str, what: str, advice: str
) -> Iterable[AuditFinding]:
    """Find rows with problems: one finding, its evidence the first row of each cause.

    Args:
        problems: What is wrong with each row.
        code: Of the finding.
        what: What the rows have in common, such as "cannot be trained on".
        advice: What to do.
    """
    if problems:
        yield AuditFinding(
            code=code,
            level=Level.ERROR,
            title=f"{len(problems)} row{'' if len(problems) == 1 else 's'} {what}",
            count=len(problems),
            advice=advice,
            evidence=tuple(map(_evidence, islice(causes_of(problems), SHOWN_EVIDENCE))),
            places=tuple(problem.where for problem in problems),
        )


def _evidence(cause: Cause) -> Location:
    """Return the first row of a cause, with the numbers of the other rows that have it."""
    detail = f" ({cause.detail})" if cause.detail else ""
    others = cause.count - 1
    also = f" (and {others} more: rows {cause.numbers()})" if others else ""
    return Location(cause.first, cut(f"{cause.reason}{detail}{also}", _REASON))


def find_over_long(
    examples: Sequence[Example],
    lengths: Sequence[int],
    *,
    max_length: int | None,
    max_cut_share: float,
) -> Iterable[AuditFinding]:
    """Find the rows of each file that are longer than a sequence may be.

    Args:
        examples: The rows.
        lengths: Tokens of each: of a preference, with its longer answer.
        max_length: Tokens that the training keeps; ``None`` where that is not known.
        max_cut_share: Share of a file's rows that may be longer; more of them are an error.
    """
    if max_length is None:
        return
    files: dict[str, list[tuple[Example, int]]] = defaultdict(list)
    for example, length in zip(examples, lengths, strict=True):
        files[example.file].append((example, length))
    for file, rows in files.items():
        long = [(example, length) for example, length in rows if length > max_length]
        if not long:
            continue
        too_many = len(long) > max_cut_share * len(rows)
        found = f"{file}: {len(long)} of {len(rows)} rows are longer than {max_length} tokens"
        limit = f"; training.max_cut_share allows {max_cut_share:.0%}" if too_many else ""
        yield AuditFinding(
            code="over_long",
            level=Level.ERROR if too_many else Level.WARNING,
            title=f"{found} and would be cut or dropped{limit}",
            count=len(long),
            advice=(
                "Raise training.max_length, or shorten them: a truncated answer has no end to "
                "learn."
            ),
            evidence=tuple(
                Location(example.where, f"{length} tokens: {cut(whole(example), 120)}")
                for example, length in long[:SHOWN_EVIDENCE]
            ),
            places=tuple(example.where for example, _ in long),
        )


def find_one_class(examples: Sequence[Example]) -> Iterable[AuditFinding]:
    """Find that all answers are wanted, or all are not, of which KTO learns nothing."""
    if any(example.kind == "preference" for example in examples):
        return
    if len({example.good for example in examples}) == 1:
        present, absent = ("wanted", "unwanted") if examples[0].good else ("unwanted", "wanted")
        yield AuditFinding(
            code="one_class",
            level=Level.ERROR,
            title=f"all {len(examples)} answers are {present}, and none is {absent}",
            count=len(examples),
            advice=f"KTO learns from the contrast between the two: add {absent} answers.",
            evidence=tuple(
                Location(example.where, cut(whole(example))) for example in examples[:1]
            ),
            places=tuple(example.where for example in examples),
        )
