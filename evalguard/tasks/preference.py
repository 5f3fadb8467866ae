"""Pairs of answers, the baseline's and a candidate's, of which a judge prefers one.

Each pair is judged in both orders and the two verdicts are averaged, so that a judge that always
takes the first answer prefers neither (Zheng et al. 2023, arXiv:2306.05685, section 3.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from evalguard.scorers.probes import PREFERRED, WAVERED
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import JudgedTask, Question
from evalguard.tasks.rows import Row


class Preference(JudgedTask):
    """Prompts to which the baseline's answer and the candidate's are compared."""

    kind = "preference"
    metrics = (PREFERRED,)
    labels: ClassVar[Mapping[str, bool]] = {"a": True, "b": False}
    label_column = "better"
    template = """You compare two answers to a question.

The better answer: {{ criterion }}

Question:
{{ question }}

Answer A:
{{ a }}

Answer B:
{{ b }}

Which answer is better? Reply with A or B."""
    """What stands first is the same for all answers, so that engines read it once."""

    def questions(
        self, prepared: Prepared, answer: str, reference: str | None
    ) -> tuple[Question, ...]:
        """Return the question in both orders; none where both answers are the same."""
        if reference is None or answer == reference:
            return ()
        row = Row(prepared.row_number, prepared.row)
        return self._both(row, prepared.prompt, answer, reference)

    def scores(self, approvals: Sequence[float]) -> Mapping[str, float]:
        """Return the mean over both orders, and whether the verdict changed with the order."""
        if not approvals:
            return {PREFERRED.name: 0.5}
        verdicts = [0.5 if approval == 0.5 else float(approval > 0.5) for approval in approvals]
        wavered = float(min(verdicts) < 0.5 < max(verdicts))
        return {PREFERRED.name: sum(verdicts) / len(verdicts), WAVERED: wavered}

    def _labelled_questions(self, row: Row, question: str) -> tuple[Question, ...]:
        first, second = (self._labelled.text(row, column) for column in ("a", "b"))
        return self._both(row, question, first, second)

    def _both(self, row: Row, question: str, one: str, other: str) -> tuple[Question, ...]:
        """Return two questions, to each of which yes prefers ``one``."""
        return (
            Question(self._fill(row, question=question, a=one, b=other), "A", "B"),
            Question(self._fill(row, question=question, a=other, b=one), "B", "A"),
        )
