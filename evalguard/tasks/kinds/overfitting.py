"""Training rows beside held-out rows of the same kind: does the model know the first by heart?

One sample is a pair: a row that the candidate was trained on and one that it was not. A model that
learned the task answers both alike; one that learned the rows gives the first verbatim and misses
the second. The baseline has seen neither, and stands for how much the two files differ by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from evalguard.config_model import NonEmpty
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.tasks.base import (
    Prepared,
    Render,
    content_id,
    generation_settings,
    generations,
    unique_ids,
)
from evalguard.tasks.kind import AskedItem, TaskContext, TaskKind
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.row_config import Prompts, Template, asked_prompts
from evalguard.tasks.rows import Row

VERBATIM_RECALL = Metric("verbatim_recall", higher_is_better=False)
"""Whether the training row's answer is reproduced to the letter and the held-out row's is not."""

SCORE_GAP = Metric("score_gap", ScoreKind.BOUNDED, -1.0, 1.0, higher_is_better=False)
"""Exact answer of the training row (0 or 1) − that of the held-out row."""

LOSS_GAP = Metric(
    "loss_gap", ScoreKind.BOUNDED, -20.0, 20.0, higher_is_better=False, clip=2.0, in_nats=True
)
"""Nats per token of the held-out row's right answer − those of the training row's."""


class OverfittingConfig(Prompts):
    """Training rows compared with held-out rows: are the training rows memorised?"""

    kind: Literal["overfitting"]
    held_out: NonEmpty
    """File of held-out rows with the same columns as `data`, the training rows."""
    target: Template
    """The answer that the model was trained to give, as a Jinja template."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""


class Overfitting:
    """Pairs of a training row and a held-out row.

    Args:
        suite: Name of the suite that it is in.
        name: Name within the suite.
        training: The training rows and their prompts.
        held_out: The held-out rows; the nth is paired with the nth training row.
        target: Jinja template of the right answer over either row's columns.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end the answer.
        count_tokens: Length of a text in tokens.
    """

    metrics = (VERBATIM_RECALL, SCORE_GAP, LOSS_GAP)

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


def _build(config: OverfittingConfig, context: TaskContext) -> list[Overfitting]:
    return [
        Overfitting(
            context.suite,
            config.task_name,
            training=config.rows(context),
            held_out=config.rows(context, data=config.held_out),
            target=config.target,
            max_new_tokens=config.max_new_tokens,
            stop=config.stop,
            count_tokens=context.count_tokens,
        )
    ]


def _files(config: OverfittingConfig) -> Mapping[str, str]:
    return {"data": config.data, "held_out": config.held_out}


def _asked(config: OverfittingConfig, context: TaskContext) -> Iterator[AskedItem]:
    """Yield the held-out rows; the others are training rows on purpose."""
    return asked_prompts(config, context, data=config.held_out)


def _problems(config: OverfittingConfig, context: TaskContext) -> Iterator[tuple[str, str]]:
    """Refuse the training rows as their own held-out rows, between which there is no gap."""
    trained, held_out = context.resolve(config.data), context.resolve(config.held_out)
    if trained.is_file() and held_out.is_file() and _same_content(trained, held_out):
        yield (
            "held_out",
            f"holds the rows of {config.data}, so that the gap between the two is always 0; give "
            "rows of the same kind that were not trained on",
        )


def _same_content(one: Path, other: Path) -> bool:
    return one.samefile(other) or (
        one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
    )


KIND = TaskKind(
    name="overfitting",
    config=OverfittingConfig,
    build=_build,
    files=_files,
    problems=_problems,
    metrics=lambda config: Overfitting.metrics,
    asked=_asked,
    uses_tokenizer=False,
)
