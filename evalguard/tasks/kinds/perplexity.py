"""Texts of general language: how many nats a token costs each model.

A fine-tune that pulls a model away from language in general shows here before any benchmark
moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.tasks.base import Prepared, Render, content_id, unique_ids
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.row_config import Rows, Template, asks_nothing, named_data
from evalguard.tasks.rows import Row

NATS_PER_TOKEN = Metric(
    "nats_per_token",
    ScoreKind.BOUNDED,
    0.0,
    20.0,
    higher_is_better=False,
    clip=1.0,
    in_nats=True,
)
"""Negative log-likelihood of a text. A difference counts up to ±1 nat: without a limit, a few
documents that one model cannot read at all decide the mean, and the test no longer holds."""


class PerplexityConfig(Rows):
    """Texts that neither model was trained on: nats per token."""

    kind: Literal["perplexity"]
    text: Template = "{{ text }}"
    """The text, as a Jinja template over the row's columns."""


class Perplexity:
    """Documents whose log-likelihood is measured, per token.

    Args:
        suite: Name of the suite that it is in.
        name: Name within the suite.
        rows: The data file.
        text: Jinja template of the text over the row's columns.
        count_tokens: Length of a text in tokens of the baseline's tokenizer, for both models.
    """

    metrics = (NATS_PER_TOKEN,)

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        rows: PromptRows,
        text: str,
        count_tokens: Callable[[str], int],
    ) -> None:
        self.suite = suite
        self.name = name
        self._rows = rows
        self._text = text
        self._count_tokens = count_tokens

    @property
    def definition(self) -> Mapping[str, Any]:
        """Nothing but the kind; texts are in the sample ids."""
        return {"kind": "perplexity"}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every text as a request; a chat template has no part in it.

        Raises:
            DataError: If the file is missing, empty or broken, or a text is empty.
        """
        from lm_eval.api.instance import Instance

        rows = self._rows.rows()
        texts = self._rows.of_each(self._filled)
        ids = unique_ids(content_id(self.name, text) for text in texts)
        return [
            Prepared(
                sample_id=id_,
                prompt=text,
                target="",
                instances=(
                    Instance(
                        request_type="loglikelihood_rolling",
                        doc={},
                        arguments=(text,),
                        idx=0,
                        metadata=(None, None, 1),
                    ),
                ),
                row=row.data,
                row_number=row.number,
            )
            for row, text, id_ in zip(rows, texts, ids, strict=True)
        ]

    def _filled(self, row: Row) -> str:
        text = self._rows.fill(self._text, row)
        if not text.strip():
            reason = "the text is empty. Remove the row, or name another column with 'text'."
            raise self._rows.refused(row, reason)
        return text

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Return nats per token of one text."""
        nats = -float(responses[0]) / max(1, self._count_tokens(prepared.prompt))
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target="",
            outputs=(),
            scores={NATS_PER_TOKEN.name: nats},
        )


def _build(config: PerplexityConfig, context: TaskContext) -> list[Perplexity]:
    return [
        Perplexity(
            context.suite,
            config.task_name,
            rows=config.rows(context),
            text=config.text,
            count_tokens=context.count_tokens,
        )
    ]


KIND = TaskKind(
    name="perplexity",
    config=PerplexityConfig,
    build=_build,
    files=named_data,
    metrics=lambda config: Perplexity.metrics,
    asked=asks_nothing,
    uses_tokenizer=False,
)
