"""Answers that a judge holds against a criterion, one at a time: yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from evalguard.scorers.probes import APPROVAL, APPROVED
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import JudgedTask, Question
from evalguard.tasks.rows import Row


class Judge(JudgedTask):
    """Prompts whose answers meet a criterion or do not."""

    kind = "judge"
    metrics = (APPROVED, APPROVAL)
    labels: ClassVar[Mapping[str, bool]] = {"yes": True, "no": False, "true": True, "false": False}
    label_column = "label"
    template = """You check answers against a criterion.

Criterion: {{ criterion }}

Question:
{{ question }}

Answer:
{{ answer }}

Does the answer meet the criterion? Reply with Yes or No."""
    """What stands first is the same for all answers, so that engines read it once."""

    def questions(
        self, prepared: Prepared, answer: str, reference: str | None
    ) -> tuple[Question, ...]:
        """Return the one question about an answer; what the baseline said plays no part."""
        return self._asked(Row(prepared.row_number, prepared.row), prepared.prompt, answer)

    def scores(self, approvals: Sequence[float]) -> Mapping[str, float]:
        """Return the verdict and the probability behind it; an even one is no approval."""
        [approval] = approvals
        return {APPROVED.name: float(approval > 0.5), APPROVAL.name: float(approval)}

    def _labelled_questions(self, row: Row, question: str) -> tuple[Question, ...]:
        return self._asked(row, question, self._labelled.text(row, "answer"))

    def _asked(self, row: Row, question: str, answer: str) -> tuple[Question, ...]:
        return (Question(self._fill(row, question=question, answer=answer), "Yes", "No"),)
