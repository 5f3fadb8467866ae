"""A task kind: does a model answer alike when it is asked twice?

A suite names it by ``kind: repeated``; the keys of such a task are those of its config. A sample's
id is made of all that is asked, so that stored answers are used again only for the same question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from evalguard.records import Metric, ScoredSample
from evalguard.tasks.base import Prepared, Render, generation_settings, generations
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.row_config import Prompts, asked_prompts, named_data


class RepeatedConfig(Prompts):
    """Prompts, each of which is answered twice."""

    kind: Literal["repeated"]
    temperature: float = 1.0
    max_new_tokens: int = 64


class Repeated:
    """Asks each prompt twice and compares the answers."""

    metrics = (Metric("same_answer"),)
    definition: Mapping[str, Any] = {"kind": "repeated"}

    def __init__(self, config: RepeatedConfig, context: TaskContext) -> None:
        self.suite, self.name = context.suite, config.task_name
        self._rows, self._seed = config.rows(context), context.seed
        self._settings = generation_settings(config.max_new_tokens, (), config.temperature)

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return each row as two requests, which differ in their seed."""
        identity = [self.name, self._settings, self._seed]
        asked = self._rows.identified(render, lambda one: [*identity, one.text, one.row.data])
        return [
            Prepared(
                sample_id=id_,
                prompt=one.shown,
                target="",
                instances=generations(one.text, self._settings, key=id_, count=2),
                row=one.row.data,
                row_number=one.row.number,
            )
            for one, id_ in asked
        ]

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score 1 where both answers have the same words."""
        first, second = (str(response) for response in responses)
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=(first, second),
            scores={"same_answer": float(first.split() == second.split())},
        )


REPEATED = TaskKind(
    name="repeated",
    config=RepeatedConfig,
    build=lambda config, context: [Repeated(config, context)],
    files=named_data,
    metrics=lambda config: Repeated.metrics,
    asked=asked_prompts,
)
