"""Pairs of answers, the baseline's and a candidate's, of which a judge prefers one.

Each pair is judged in both orders and the two verdicts are averaged, so that a judge that always
takes the first answer prefers neither (Zheng et al. 2023, arXiv:2306.05685, section 3.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from evalguard.scorers.probes import PREFERRED, WAVERED
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.label_forms import TIES
from evalguard.tasks.labelled import Question
from evalguard.tasks.rows import Row

_NAMES = ("", "model_", "model ", "answer_", "answer ", "response_", "response ", "assistant_",
          "assistant ", "output_", "output ")  # fmt: skip
"""What files of labels put before an answer's letter."""

_SHOWN = """You compare two answers to a question.

The better answer: {{ criterion }}

Question:
{{ question }}

Answer A:
{{ a }}

Answer B:
{{ b }}

"""
"""What stands first is the same for all answers, so that engines read it once."""


class Preference(JudgedTask):
    """Prompts to which the baseline's answer and the candidate's are compared."""

    kind = "preference"
    metrics = (PREFERRED,)
    labels: ClassVar[Mapping[str, str]] = {
        **{f"{name}{one}": one for name in _NAMES for one in ("a", "b")},
        **dict.fromkeys(("draw", "equal", *TIES), "tie"),
    }
    label_names = ("a", "b", "tie")
    label_column = "better"
    answer_columns = ("a", "b")
    has_forms = True
    template = _SHOWN + "Which answer is better? Reply with A or B."
    scale_template = _SHOWN + (
        "How good is each answer? Reply with two numbers from {{ low }} to {{ high }}: first "
        "that of answer A, then that of answer B."
    )

    def questions(
        self, prepared: Prepared, answer: str, reference: str | None
    ) -> tuple[Question, ...]:
        """Return the question in both orders; none where both answers are the same."""
        if reference is None or answer == reference:
            return ()
        row = Row(prepared.row_number, prepared.row)
        return self._asked(row, prepared.prompt, [answer, reference])

    def scores(self, approvals: Sequence[float]) -> Mapping[str, float]:
        """Return the mean over both orders, and whether the verdict changed with the order."""
        if not approvals:
            return {PREFERRED.name: 0.5}
        verdicts = [0.5 if approval == 0.5 else float(approval > 0.5) for approval in approvals]
        wavered = float(min(verdicts) < 0.5 < max(verdicts))
        return {PREFERRED.name: sum(verdicts) / len(verdicts), WAVERED: wavered}

    def _asked(self, row: Row, question: str, answers: Sequence[str]) -> tuple[Question, ...]:
        """Return two questions, to each of which yes prefers the first answer."""
        one, other = answers
        first = self._fill(row, question=question, a=one, b=other)
        second = self._fill(row, question=question, a=other, b=one)
        return (Question(first, "A", "B", self._scale), Question(second, "B", "A", self._scale))
