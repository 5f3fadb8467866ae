"""Answers that a judge checks against a criterion, one at a time: yes or no, or a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, model_validator

from evalguard.records import Metric, ScoreKind
from evalguard.scorers.yes_no import FALSE, NO, TRUE, YES
from evalguard.tasks.base import Prepared
from evalguard.tasks.judged import APPROVED, JudgedTask
from evalguard.tasks.judged_config import (
    JudgedConfig,
    build_judged,
    check_labels,
    named_files,
    shows,
)
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.labelled import Question
from evalguard.tasks.row_config import Template, asked_prompts
from evalguard.tasks.rows import Row

APPROVAL = Metric("approval", ScoreKind.BOUNDED, reads_target=False)
"""Probability of the judge's yes against its no."""

_SHOWN = """You check answers against a criterion.

Criterion: {{ criterion }}

Question:
{{ question }}

Answer:
{{ answer }}

"""
"""What stands first is the same for all answers, so that engines read it once."""


class JudgeConfig(JudgedConfig):
    """Answers that a judge checks against a criterion: yes or no."""

    label_columns: ClassVar[tuple[str, ...]] = ("answer", "label")

    kind: Literal["judge"]
    template: Annotated[Template, AfterValidator(shows("answer"))] | None = None
    """What the judge is asked, over the row's columns, `criterion`, `question` (the prompt) and
    `answer`; it must end in a question of yes or no."""

    @model_validator(mode="after")
    def _scales_have_a_threshold(self) -> Self:
        for key, scale in self.scales():
            if scale.pass_from is None:
                raise ValueError(
                    f"'{key}' needs 'pass_from', the score from which an answer passes"
                )
        check_labels(self.labelled.values, JudgeTask.label_names)
        return self


class JudgeTask(JudgedTask):
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


def _build(config: JudgeConfig, context: TaskContext) -> list[JudgedTask]:
    return build_judged(JudgeTask, config, context)


KIND = TaskKind(
    name="judge",
    config=JudgeConfig,
    build=_build,
    files=named_files,
    metrics=lambda config: JudgeTask.metrics,
    asked=asked_prompts,
    judged=True,
    uses_tokenizer=False,
)
