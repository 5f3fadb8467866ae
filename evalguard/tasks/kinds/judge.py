"""Answers that a judge holds against a criterion, one at a time: yes or no, or a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from evalguard.scorers.probes import APPROVAL, APPROVED
from evalguard.scorers.yes_no import FALSE, NO, TRUE, YES
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.labelled import Question
from evalguard.tasks.rows import Row

_SHOWN = """You check answers against a criterion.

Criterion: {{ criterion }}

Question:
{{ question }}

Answer:
{{ answer }}

"""
"""What stands first is the same for all answers, so that engines read it once."""


class Judge(JudgedTask):
    """Prompts whose answers meet a criterion or do not."""

    kind = "judge"
    metrics = (APPROVED, APPROVAL)
    labels: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(YES | TRUE | {"1", "y"}, "yes"),
        **dict.fromkeys(NO | FALSE | {"0", "n"}, "no"),
    }
    label_names = ("yes", "no")
    label_column = "label"
    answer_columns = ("answer",)
    template = _SHOWN + "Does the answer meet the criterion? Reply with Yes or No."
    scale_template = _SHOWN + (
        "How well does the answer meet the criterion? Reply with a number from {{ low }} (not at "
        "all) to {{ high }} (fully)."
    )

    def questions(
        self, prepared: Prepared, answer: str, reference: str | None
    ) -> tuple[Question, ...]:
        """Return the one question about an answer; what the baseline said plays no part."""
        return self._asked(Row(prepared.row_number, prepared.row), prepared.prompt, [answer])

    def scores(self, approvals: Sequence[float]) -> Mapping[str, float]:
        """Return the verdict and the probability, or the share of the scale, behind it.

        An even probability is no approval.
        """
        [approval] = approvals
        approved = Question("", "Yes", "No", self._scale).favours(approval) is True
        return {APPROVED.name: float(approved), APPROVAL.name: float(approval)}

    def _asked(self, row: Row, question: str, answers: Sequence[str]) -> tuple[Question, ...]:
        [answer] = answers
        text = self._fill(row, question=question, answer=answer)
        return (Question(text, "Yes", "No", self._scale),)
