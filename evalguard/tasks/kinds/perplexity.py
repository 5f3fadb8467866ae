"""Texts of general language: how many nats a token costs each model.

A fine-tune that pulls a model away from language in general shows here before any benchmark
moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalguard.records import ScoredSample
from evalguard.scorers.probes import NATS_PER_TOKEN
from evalguard.tasks.base import Prepared, Render, content_id, unique_ids
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.rows import Row


class Perplexity:
    """Documents whose log-likelihood is measured, per token.

    Args:
        suite: Name of the suite that it stands in.
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
