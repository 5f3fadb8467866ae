"""Counts the measured answers that are the base's, by the log-probabilities that came with them.

A router that sends a part of the prompts to the base is seen by a few prompts only where that part
is large. Answers that are measured are therefore asked for with their log-probabilities, and each
of a candidate's is compared with the base's answer to the same request: the measured one of the
same run, else one of a few that are asked for. The noise is that of measured answers when they are
requested again, so it is of the same load and form.

Without noise, two models that differ share no log-probability to the last digit. With noise, they
do by chance: as often as their values are a little further apart than noise.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.endpoint.identity import beyond_noise
from evalguard.engines.endpoint.same_route import Tell, Told
from evalguard.engines.endpoint.value_rows import PER_TOKEN, is_certain, is_telling, tokens_of

_ASKED = 100
"""Requests of a block that the base is asked, where it has not been in this run."""

_FEWEST_ALIKE = 2
"""Answers with the base's log-probabilities from which it gave them; one may be rounding."""

_CHANCE = 0.001
"""Share of answers on which two models have one log-probability to the last digit. By hand."""

_TOLERATED = 0.02
"""Share of answers within the base's noise, beyond those that chance explains. By hand."""

_GAPS = 10
"""Small differences between two values of one model (their lower quartile) within which those of
two are alike: of normal noise, three standard deviations of such differences."""

_SILENT = 0.05
"""Share of a model's answers that may come without log-probabilities, where others have them. By
hand."""

Answered = Sequence[tuple[Instance, Told]]
"""What a model was asked, and what it answered."""

_Key = tuple[str | None, str, str]


class MeasuredValues:
    """Knows what the models of one server answered in a run, and which answers are the base's."""

    def __init__(self) -> None:
        self._answers: dict[_Key, Told] = {}
        self._gaps: dict[str, list[float]] = defaultdict(list)
        self._seen: dict[str, _Seen] = defaultdict(_Seen)

    def note(self, answered: Answered, again: Answered, *, is_base: bool) -> None:
        """Note what a model answered, and what it answers when it is asked again.

        Args:
            answered: Its measured answers.
            again: A few more to the same requests.
            is_base: Whether it is the base.
        """
        by_key = {_key(one): told for one, told in answered}
        for one, told in again:
            first, second = _value(by_key[_key(one)]), _value(told)
            if first is not None and second is not None and not _is_sampled(one):
                self._gaps[one.request_type].append(abs(first - second))
        if is_base:
            self._answers |= by_key

    def compare(
        self,
        model: str,
        answered: Answered,
        base: MeasuredValues,
        ask: Tell,
        *,
        one_host: bool = True,
    ) -> None:
        """Compare a candidate's measured answers with the base's.

        Args:
            model: The candidate.
            answered: What it was asked, and what it answered.
            base: Knows the base's answers; this, where one engine asks both.
            ask: Asks the base.
            one_host: Whether the base would answer for the candidate on the hardware that it has
                under its own name; on another, values are off by more than noise.
        """
        seen = self._seen[model]
        with_value = [(one, told) for one, told in answered if _value(told) is not None]
        seen.told.update(one.request_type for one, _ in with_value)
        seen.silent.update(
            one.request_type for one, told in answered if told.answer != "" and _value(told) is None
        )
        known = base._answers
        left = [one for one, _ in with_value if _key(one) not in known]
        draw = random.Random(f"{model} {[one.args for one in left]}")  # noqa: S311 - no key
        few = draw.sample(left, min(_ASKED, len(left)))
        told_now = ask(few, 1) if few else []
        more = {_key(one): told for one, told in zip(few, told_now, strict=True) if told}
        for one, told in with_value:
            other = more.get(_key(one)) or known.get(_key(one))
            if other is not None:
                seen.add(one, told, other, one_host=one_host)
        for kind in {one.request_type for one, _ in with_value}:
            seen.judge(kind, sorted([*self._gaps[kind], *base._gaps[kind]]))

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why the base may have given answers to requests like one."""
        seen = self._seen.get(model)
        if seen is None or request.task_name not in seen.tasks:
            return None
        return Doubt(seen.fault)

    def uncovered(self, model: str) -> str:
        """Return why the base may have given many of a model's answers; empty where it did not."""
        seen = self._seen.get(model, _Seen())
        for kind, told in seen.told.items():
            silent = seen.silent[kind]
            if beyond_noise(silent, told + silent, share=_SILENT):
                return (
                    f"{silent} of {told + silent} measured answers came without log-probabilities"
                )
        return ""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A candidate's answer and the base's.

    Attributes:
        task: Their task.
        gap: How far their values are from each other.
        least: Nats within which values of one model are alike, whatever the noise.
        same: Whether they are one answer.
        is_rounded: Whether the values have too few digits to tell two models by the last.
    """

    task: str | None
    gap: float
    least: float
    same: bool
    is_rounded: bool


@dataclass(slots=True)
class _Seen:
    """What was seen of a candidate.

    Attributes:
        told: Its answers with log-probabilities, by the kind of request.
        silent: Those without, but for empty ones, which have no token.
        pairs: Those that were compared, by the kind of request.
        tasks: Tasks with answers that are the base's.
        fault: What is wrong with them.
    """

    told: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    pairs: dict[str, list[_Pair]] = field(default_factory=lambda: defaultdict(list))
    tasks: set[str | None] = field(default_factory=set)
    fault: str = ""

    def add(self, request: Instance, own: Told, base: Told, *, one_host: bool) -> None:
        """Add an answer of the candidate and the base's to the same request."""
        first, second = _value(own), _value(base)
        is_text = request.request_type == "generate_until"
        same = not is_text or own.answer == base.answer
        if first is None or second is None or (_is_sampled(request) and not same):
            return
        if is_certain(min(first, second)):
            return
        least = 0.0 if one_host else PER_TOKEN * tokens_of(request)
        rounded = not (is_telling(first) or is_telling(second))
        pair = _Pair(request.task_name, abs(first - second), least, same, rounded)
        self.pairs[request.request_type].append(pair)

    def judge(self, kind: str, gaps: Sequence[float]) -> None:
        """Note what is wrong; later answers do not take it back.

        Args:
            kind: Which requests are looked at.
            gaps: Differences between two values of one model, sorted.
        """
        noise = _GAPS * gaps[len(gaps) // 4] if gaps else 0.0
        every = self.pairs[kind]
        # Of two servers the base's answers may be off by more than noise, but need not.
        found = _alike(every, [noise] * len(every)), _alike(every, [one.least for one in every])
        alike = max(found, key=len)
        if not alike:
            return
        self.tasks |= {one.task for one in alike}
        near = any(one.gap for one in alike)
        how = "no further from the baseline's than noise" if near else "the baseline's"
        self.fault = (
            f"the log-probabilities of {len(alike)} of {len(every)} measured answers are {how}: a "
            "router or a cache may let the baseline answer a part of the prompts. Check the "
            "server's routes and replicas"
        )


def _alike(every: Sequence[_Pair], limits: Sequence[float]) -> list[_Pair]:
    """Return the answers that are the base's, where they are more than chance explains.

    Args:
        every: What was compared.
        limits: Nats within which values are alike; 0 for the last digit.
    """
    far = [one.gap / limit for one, limit in zip(every, limits, strict=True) if limit]
    if far:
        share = min(_TOLERATED + _by_chance(far) / len(far), 1.0)
        pairs = every
        alike = [one for one, limit in zip(every, limits, strict=True) if one.gap <= limit]
    else:
        share = _CHANCE
        pairs = [one for one in every if not one.is_rounded]
        alike = [one for one in pairs if one.same and not one.gap]
    enough = len(alike) >= _FEWEST_ALIKE and beyond_noise(len(alike), len(pairs), share=share)
    return alike if enough else []


def _by_chance(far: Sequence[float]) -> float:
    """Return how many values of two models are alike by chance, from those that nearly are.

    For a density f(x) = f(0) - cx², of which a and b are the integrals over the second and the
    third limit, that over the first is a + (a - b)/2; where it is even, (a + b)/2 varies less.

    Args:
        far: How far the values are from each other, in units of the limit.

    Example:
        >>> _by_chance([0.5] * 9 + [1.5] * 8 + [2.5] * 6)
        9.0
    """
    second = sum(1 < one <= 2 for one in far)
    third = sum(2 < one <= 3 for one in far)
    return max((second + third) / 2, second + (second - third) / 2)


def _key(request: Instance) -> _Key:
    return request.task_name, request.request_type, str(request.args)


def _value(told: Told) -> float | None:
    return told.value if isinstance(told.answer, str) else told.answer


def _is_sampled(request: Instance) -> bool:
    settings = request.args[1] if request.request_type == "generate_until" else {}
    return bool(settings.get("do_sample") or settings.get("temperature"))
