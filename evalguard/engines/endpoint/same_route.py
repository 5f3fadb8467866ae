"""Sees whether the measured answers came from the model that was asked.

A candidate is proven by requests of a form of their own: with log-probabilities, without stop
strings, for fewer or more tokens. A gateway may answer these from the right model and the measured
ones from another: a cache that does not know the model and is bypassed for log-probabilities, a
pool of which some replicas have no log-probabilities, a route by parameters. A few requests are
therefore sent to the model again as they were measured, with log-probabilities added (else, and
for log-likelihoods, with another seed, which changes nothing at temperature 0). Answers of the
baseline are tried as those of candidates: a cache gives either the other's.

Where log-probabilities are told, measured answers are asked for with them, but those that a model
gives its users are not: the same few are asked for without, too, and tried as if measured.

- Log-probabilities that are those of another model to the last digit: it answers such requests.
- An answer that is now another one, and was that of another model: it answers them without
  log-probabilities.
- Answers that are now other ones, each the same when it is asked twice: another model gave them, be
  it one that is not part of the check. With noise, an answer is so at most half as often as two of
  one model differ; a fifth may be so for other hardware, where such requests go to another replica.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.endpoint.identity import (
    LEVEL,
    NOISE_OF_TWO_SERVERS,
    Answer,
    beyond_noise,
    beyond_own_noise,
)
from evalguard.engines.endpoint.value_rows import is_telling

_TRIED_FIRST = 16
"""Answers of a model's first block that are requested again."""

_TRIED_LATER = 4
"""The same of each block that follows."""

_TRIED_MORE = 48
"""Further ones of a block of which some are now other answers."""

_REPEATS = 2
"""Times that a model is asked: what it answers differently tells nothing."""

_FEWEST_ALIKE = 2
"""Answers with another's log-probabilities from which it answers; one may be rounding."""

_CHANCE = 4 / 27
"""Largest probability with which one model, whose likeliest answers are two, gives one of them
twice, and the other one where it was measured: (1 - q)² q, at q = 1/3. As only such requests are
counted, noise that shows is accounted for besides."""

_FEWEST_SWAPPED = 2
"""Answers that are now other ones from which it is asked whose they are; fewer are no sign."""

_WORDS = 8
"""Words in which an answer must differ to be another one: rounding changes a long text anywhere."""

_GAPS = 10
"""Differences between two log-likelihoods of one model within which another is the same."""

_NATS = 0.2
"""Nats within which it is in any case, as the requests that are answered at one time change it."""


class Told(NamedTuple):
    """An answer, and its log-probability.

    Attributes:
        answer: A text, or a log-likelihood in nats.
        value: The log-probability of a text's first tokens; ``None`` where it is not told.
    """

    answer: Answer
    value: float | None = None


Tell = Callable[[Sequence[Instance], int], Sequence[Told | None]]
"""Asks one model again; the number is that of the repeat, from 1."""

OWN, BASELINE = "its own", "the baseline's"
"""Whose answers they are; of other candidates, their names."""

UNSCORED = "its own without log-probabilities"
"""The model's own, where measured answers are asked for with log-probabilities."""


class SameRoute:
    """Knows the models whose measured answers may be another's."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = defaultdict(_Seen)

    def look_back(
        self,
        model: str,
        answered: Sequence[tuple[Instance, Answer]],
        tell: Mapping[str, Tell],
    ) -> list[tuple[Instance, Told]]:
        """Ask a model a few requests again, and others whether its answers were theirs.

        Args:
            model: The model.
            answered: What it was asked in a block, and what it answered.
            tell: Asks the model (:data:`OWN`; :data:`UNSCORED` where it was not measured so) and
                others, by whose answers they give.

        Returns:
            What it was asked again, with its answer.
        """
        seen = self._seen[model]
        draw = random.Random(f"{model} {[one.args for one, _ in answered]}")  # noqa: S311 - no key
        few = _few(answered, draw)
        number = _TRIED_LATER if seen.asked else _TRIED_FIRST
        seen.asked += len(few[:number])
        start = len(seen.rows)
        # The first is asked alone, for servers that do not answer this.
        for first, stop in ((0, 1), (1, number), (number, number + _TRIED_MORE)):
            part = few[first:stop]
            if first == number and not _is_suspicious(seen.rows[start:]):
                break
            asked = [one for one, _ in part]
            rows = [
                _Row(one, answer, own)
                for (one, answer), own in zip(part, _twice(asked, tell[OWN]), strict=True)
                if own is not None
            ]
            if rows and UNSCORED in tell:
                told = tell[UNSCORED]([row.request for row in rows], 1)
                rows = [
                    replace(row, unscored=one and one.answer)
                    for row, one in zip(rows, told, strict=True)
                ]
            seen.rows += rows
            if not rows:
                break
        for whose, ask in tell.items():
            if whose in (OWN, UNSCORED):
                continue
            # The baseline is proven to be another model by log-probabilities alone.
            left = [
                row
                for row in seen.rows
                if whose not in row.others
                and (_is_suspicious(seen.rows) or (whose == BASELINE and row.has_values))
            ]
            for row, found in zip(left, _twice([row.request for row in left], ask), strict=True):
                row.others[whose] = found or []
        seen.judge()
        return [(row.request, row.own[0]) for row in seen.rows[start:]]

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why another model may have answered requests like one."""
        seen = self._seen.get(model)
        if seen is None or not seen.fault or request.task_name in seen.own:
            return None
        return Doubt(seen.fault)


@dataclass(slots=True)
class _Row:
    """One request.

    Attributes:
        request: The request.
        measured: The answer that is measured.
        own: What the model answers when it is asked again.
        others: What others answer, by whose it is; nothing where they did not.
        unscored: What the model answers without log-probabilities; ``None`` for nothing.
    """

    request: Instance
    measured: Answer
    own: list[Told]
    others: dict[str, list[Told]] = field(default_factory=dict)
    unscored: Answer | None = None

    @property
    def has_values(self) -> bool:
        """Whether the server tells log-probabilities of texts."""
        return any(one.value is not None for one in self.own)

    @property
    def varies(self) -> bool:
        """Whether the model answers otherwise when it is asked twice."""
        if isinstance(self.measured, str):
            return len({one.answer for one in self.own}) > 1
        return self.spread > _NATS

    @property
    def spread(self) -> float:
        """Difference of the log-likelihoods that the model gives."""
        values = [float(one.answer) for one in self.own]
        return max(values) - min(values)

    @property
    def is_swapped(self) -> bool:
        """Whether the model now gives another text, the same each time."""
        return (text := _text(self.own)) is not None and self.measured != text

    @property
    def is_changed(self) -> bool:
        """Whether the same is so but for rounding."""
        if isinstance(self.measured, str):
            said = self.measured.split()[:_WORDS]
            return self.is_swapped and said != str(self.own[0].answer).split()[:_WORDS]
        noise = max(_NATS, _GAPS * self.spread)
        return min(abs(self.measured - float(one.answer)) for one in self.own) > noise

    def has_values_of(self, whose: str) -> bool:
        """Whether both have one log-probability, which two models do not share by rounding."""
        values = {one.value for one in (*self.own, *self.others.get(whose, ()))}
        (value, *more) = values
        return bool(self.others.get(whose)) and value is not None and not more and is_telling(value)

    def tells(self, whose: str) -> bool:
        """Whether the two models answer in different texts, each the same every time."""
        own, other = _text(self.own), _text(self.others.get(whose, []))
        return None not in (own, other) and own != other

    def has_text_of(self, whose: str) -> bool:
        """Whether the measured answer is the other's, and not the model's."""
        return self.tells(whose) and self.measured == self.others[whose][0].answer

    @property
    def is_own(self) -> bool:
        """Whether nothing says that the measured answer is another's."""
        return not self.is_changed and not any(
            self.has_values_of(whose) or self.has_text_of(whose) for whose in self.others
        )


@dataclass(slots=True)
class _Seen:
    """What was seen of a model.

    Attributes:
        asked: Answers that were requested again.
        rows: What came of them.
        fault: What is wrong.
    """

    asked: int = 0
    rows: list[_Row] = field(default_factory=list)
    fault: str = ""

    @property
    def own(self) -> set[str | None]:
        """Tasks of which no answer that was requested again is another's."""
        rows = [*self.rows, *_unscored(self.rows)]
        every = {row.request.task_name for row in rows}
        return every - {row.request.task_name for row in rows if not row.is_own}

    def judge(self) -> None:
        """Note what is wrong; later answers do not take it back."""
        self.fault = self.fault or _fault(self.rows) or _fault(_unscored(self.rows), unscored=True)


def _fault(rows: Sequence[_Row], *, unscored: bool = False) -> str:
    """Return what is wrong with a model's answers; empty for nothing.

    Args:
        rows: What came of them.
        unscored: Whether they are those without log-probabilities, and not the measured ones.
    """
    asked = " requested without 'logprobs'" if unscored else ""
    again = "with 'logprobs'" if unscored else "again, with 'logprobs' or another 'seed'"
    number = len(rows)
    varied = sum(row.varies for row in rows)
    for whose in {whose: None for row in rows for whose in row.others}:
        alike = sum(row.has_values_of(whose) for row in rows)
        telling = [row for row in rows if row.tells(whose)]
        swapped = sum(row.has_text_of(whose) for row in telling)
        if alike >= _FEWEST_ALIKE:
            return _advised(
                f"{alike} of {number} answers, requested again as they were measured, have "
                f"{whose} log-probabilities to the last digit"
            )
        if beyond_noise(swapped, len(telling), share=_CHANCE) and beyond_own_noise(
            swapped, len(telling), varied=varied, repeated=number, level=LEVEL
        ):
            return _advised(
                f"{swapped} of {len(telling)} answers{asked} on which the two models differ are "
                f"{whose}, while the same requests, sent {again}, get the model's own"
            )
    changed = sum(row.is_changed for row in rows)
    if beyond_noise(changed, number, share=NOISE_OF_TWO_SERVERS) and beyond_own_noise(
        changed, number, varied=varied, repeated=number, level=LEVEL
    ):
        return _advised(
            f"{changed} of {number} answers{asked} are others when they are requested {again}, "
            "and are then the same each time"
        )
    return ""


def _advised(words: str) -> str:
    return (
        f"{words}: a cache or a router may let another model answer requests of this form. Check "
        "the server's caches, routes and replicas"
    )


def _twice(asked: Sequence[Instance], tell: Tell) -> list[list[Told] | None]:
    """Return a model's answers to each request, or ``None`` where one of them is missing."""
    if not asked:
        return []
    rows = zip(*(tell(asked, repeat + 1) for repeat in range(_REPEATS)), strict=True)
    whole = ([one for one in row if one is not None] for row in rows)
    return [row if len(row) == _REPEATS else None for row in whole]


def _text(told: Sequence[Told]) -> str | None:
    """Return the text that a model gives each time; ``None`` where it varies or is none."""
    texts = {one.answer for one in told}
    text = texts.pop() if len(texts) == 1 else None
    return text if isinstance(text, str) else None


def _is_suspicious(rows: Sequence[_Row]) -> bool:
    """Return whether it is worth asking for more, and others whether the answers are theirs."""
    return any(
        sum(row.is_swapped or row.is_changed for row in some) >= _FEWEST_SWAPPED
        for some in (rows, _unscored(rows))
    )


def _unscored(rows: Sequence[_Row]) -> list[_Row]:
    """Return the rows of answers without log-probabilities, in place of the measured ones."""
    return [replace(row, measured=row.unscored) for row in rows if row.unscored is not None]


def _few(
    answered: Sequence[tuple[Instance, Answer]], draw: random.Random
) -> list[tuple[Instance, Answer]]:
    """Return answers in an order drawn, from each task in turn so that a small one is first."""
    by_task: Mapping[str | None, list[tuple[Instance, Answer]]] = defaultdict(list)
    for one in draw.sample(answered, len(answered)):
        by_task[one[0].task_name].append(one)
    ranked = [(place, one) for own in by_task.values() for place, one in enumerate(own)]
    return [one for _, one in sorted(ranked, key=lambda each: each[0])]
