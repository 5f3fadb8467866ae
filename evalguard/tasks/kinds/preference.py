"""Pairs of answers, the baseline's and a candidate's, of which a judge prefers one.

Each pair is judged in both orders and the two verdicts are averaged, so that a judge that always
takes the first answer prefers neither (Zheng et al. 2023, arXiv:2306.05685, section 3.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, model_validator

from evalguard.records import Metric, ScoreKind
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import WAVERED, JudgedTask
from evalguard.tasks.judged_config import (
    JudgedConfig,
    build_judged,
    check_labels,
    named_files,
    shows,
)
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.label_forms import TIES
from evalguard.tasks.labelled import Question
from evalguard.tasks.row_config import Template, asked_prompts
from evalguard.tasks.rows import Row

PREFERRED = Metric("preferred", ScoreKind.BOUNDED, span=0.5)
"""Mean over both orders of 1 where a judge prefers the answer to the baseline's, 0 where it prefers
that, and ½ where it is even. The baseline's own is ½, so a difference is ½ at most."""

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


class PreferenceConfig(JudgedConfig):
    """Answers of which a judge prefers the baseline's or the candidate's, asked in both orders."""

    label_columns: ClassVar[tuple[str, ...]] = ("a", "b", "better")

    kind: Literal["preference"]
    template: Annotated[Template, AfterValidator(shows("a", "b"))] | None = None
    """What the judge is asked, over the row's columns, `criterion`, `question` (the prompt) and the
    answers `a` and `b`, as A and B; it must end in a question of A or B."""

    @model_validator(mode="after")
    def _scales_have_no_threshold(self) -> Self:
        for key, scale in self.scales():
            if scale.pass_from is not None:
                raise ValueError(f"'{key}': remove 'pass_from': the two scores are compared")
        check_labels(self.labelled.values, Preference.label_names)
        return self


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


def _build(config: PreferenceConfig, context: TaskContext) -> list[JudgedTask]:
    return build_judged(Preference, config, context)


KIND = TaskKind(
    name="preference",
    config=PreferenceConfig,
    build=_build,
    files=named_files,
    metrics=lambda config: Preference.metrics,
    asked=asked_prompts,
    follows_baseline=True,
    judged=True,
    uses_tokenizer=False,
)
