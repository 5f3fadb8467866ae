"""How far a candidate's next-token distribution has moved from the baseline's own.

The baseline answers a prompt; along that answer both models are asked for their distribution of
the next token, and KL(baseline ‖ candidate) is averaged over the tokens. It is 0 for an unchanged
model and sees a change long before the likeliest token does. As it is measured on the baseline's
answers, the candidate's samples are stored under the fingerprints of both models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from evalguard.config_model import NonEmpty
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.tasks.base import (
    Prepared,
    Render,
    generation_settings,
    generations,
)
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.row_config import Prompts, asked_prompts, named_data

TOKEN_KL = Metric("token_kl", ScoreKind.BOUNDED, 0.0, 2.0, higher_is_better=False, in_nats=True)
"""KL(baseline ‖ candidate) in nats per token along the baseline's answers; counted up to 2, beyond
which the models have nothing in common."""


class DriftConfig(Prompts):
    """How far the candidate's next-token distribution is from the baseline's own."""

    kind: Literal["drift"]
    max_new_tokens: int = Field(default=64, ge=1)
    """Length of the baseline's answers, along which the two are compared."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the baseline's answer."""


class Drift:
    """Prompts along whose answers by the baseline both models' distributions are compared.

    Args:
        suite: Name of the suite that it is in.
        name: Name within the suite.
        rows: The data file and the prompt of each row.
        max_new_tokens: Longest answer of the baseline in tokens.
        stop: Strings that end it.
    """

    metrics = (TOKEN_KL,)

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        rows: PromptRows,
        max_new_tokens: int,
        stop: Sequence[str] = (),
    ) -> None:
        self.suite = suite
        self.name = name
        self._rows = rows
        self._generation = generation_settings(max_new_tokens, stop, 0.0)

    @property
    def definition(self) -> Mapping[str, Any]:
        """Nothing but the kind; prompts and settings are in the sample ids."""
        return {"kind": "drift"}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every row as the request for the baseline's answer.

        Raises:
            DataError: If the file is missing, empty or broken, or a template names no column.
        """
        asked = self._rows.identified(render, self._identity)
        return [self._prepared(one, id_) for one, id_ in asked]

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Keep the baseline's answer; it has not moved from itself."""
        return self.diverged(prepared, str(responses[0]), 0.0)

    def diverged(self, prepared: Prepared, answer: str, nats_per_token: float) -> ScoredSample:
        """Return the sample of a model that diverges so far along the baseline's answer."""
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target="",
            outputs=(answer,),
            scores={TOKEN_KL.name: min(nats_per_token, TOKEN_KL.high)},
        )

    def _identity(self, one: PromptedRow) -> list[object]:
        return [self.name, one.text, self._generation, one.row.data]

    def _prepared(self, one: PromptedRow, sample_id: str) -> Prepared:
        return Prepared(
            sample_id=sample_id,
            prompt=one.shown,
            target="",
            instances=generations(one.text, self._generation, key=sample_id, count=1),
            row=one.row.data,
            row_number=one.row.number,
        )


def _build(config: DriftConfig, context: TaskContext) -> list[Drift]:
    return [
        Drift(
            context.suite,
            config.task_name,
            rows=config.rows(context),
            max_new_tokens=config.max_new_tokens,
            stop=config.stop,
        )
    ]


KIND = TaskKind(
    name="drift",
    config=DriftConfig,
    build=_build,
    files=named_data,
    metrics=lambda config: Drift.metrics,
    asked=asked_prompts,
    follows_baseline=True,
    uses_tokenizer=False,
)
