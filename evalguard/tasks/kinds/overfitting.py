"""Training rows beside held-out rows of the same kind: does the model know the first by heart?

One sample is a pair: a row that the candidate was trained on and one that it was not. A model that
learned the task answers both alike; one that learned the rows gives the first verbatim and misses
the second. The baseline has seen neither, and stands for how much the two files differ by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from evalguard.records import ScoredSample
from evalguard.scorers.probes import LOSS_GAP, METRICS_OF_KIND, SCORE_GAP, VERBATIM_RECALL
from evalguard.tasks.base import (
    Prepared,
    Render,
    content_id,
    generation_settings,
    generations,
    unique_ids,
)
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.rows import Row


class Overfitting:
    """Pairs of a training row and a held-out row.

    Args:
        suite: Name of the suite that it stands in.
        name: Name within the suite.
        training: The training rows and their prompts.
        held_out: The held-out rows; the nth is paired with the nth training row.
        target: Jinja template of the right answer over either row's columns.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end the answer.
        count_tokens: Length of a text in tokens.
    """

    metrics = METRICS_OF_KIND["overfitting"]

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        training: PromptRows,
        held_out: PromptRows,
        target: str,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        count_tokens: Callable[[str], int],
    ) -> None:
        self.suite = suite
        self.name = name
        self._training = training
        self._held_out = held_out
        self._target = target
        self._generation = generation_settings(max_new_tokens, stop, 0.0)
        self._count_tokens = count_tokens

    @property
    def definition(self) -> Mapping[str, Any]:
        """Nothing but the kind; prompts, answers and settings are in the sample ids."""
        return {"kind": "overfitting"}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return pairs of rows as four requests each: both answers, and both likelihoods.

        The longer file's surplus is left out.

        Raises:
            DataError: If a file is missing, empty or broken, a template names no column or writes a
                null, or a target is empty.
        """
        training = self._training.prompts(render, check=partial(self._check_row, self._training))
        held_out = self._held_out.prompts(render, check=partial(self._check_row, self._held_out))
        pairs = list(zip(training, held_out, strict=False))
        targets = [tuple(self._held_out.fill(self._target, one.row) for one in p) for p in pairs]
        ids = unique_ids(
            content_id(self.name, *(one.text for one in pair), answers, self._generation)
            for pair, answers in zip(pairs, targets, strict=True)
        )
        delimiter = "" if render else " "  # a plain prompt ends without the space before an answer
        return [
            self._prepared(pair, answers, id_, delimiter)
            for pair, answers, id_ in zip(pairs, targets, ids, strict=True)
        ]

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Compare the two rows of a pair."""
        targets = prepared.row["targets"]
        answers = tuple(str(response) for response in responses[:2])
        right = [
            _plain(one) == _plain(target) for one, target in zip(answers, targets, strict=True)
        ]
        losses = [
            -float(response[0]) / max(1, self._count_tokens(target))
            for response, target in zip(responses[2:], targets, strict=True)
        ]
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=answers[:1],
            scores={
                VERBATIM_RECALL.name: float(right[0] and not right[1]),
                SCORE_GAP.name: float(right[0]) - float(right[1]),
                LOSS_GAP.name: losses[1] - losses[0],
            },
        )

    def _check_row(self, rows: PromptRows, row: Row) -> None:
        """Refuse a row without an answer: a silent model would know it by heart."""
        if not rows.fill(self._target, row, key="target").strip():
            raise rows.refused(row, "is empty; write the expected answer", key="target")

    def _prepared(
        self,
        pair: tuple[PromptedRow, PromptedRow],
        targets: Sequence[str],
        sample_id: str,
        delimiter: str,
    ) -> Prepared:
        from lm_eval.api.instance import Instance

        written = [
            generations(one.text, self._generation, key=sample_id, count=1)[0] for one in pair
        ]
        likelihoods = [
            Instance(
                request_type="loglikelihood",
                doc={},
                arguments=(one.text, f"{delimiter}{target}"),
                idx=index,
                metadata=(None, None, 1),
            )
            for index, (one, target) in enumerate(zip(pair, targets, strict=True))
        ]
        return Prepared(
            sample_id=sample_id,
            prompt=pair[0].shown,
            target=targets[0],
            instances=(*written, *likelihoods),
            row={"targets": tuple(targets)},
            row_number=pair[0].row.number,
        )


def _plain(text: str) -> str:
    return " ".join(text.split())
