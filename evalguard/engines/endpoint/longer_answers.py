"""Sees by longer answers whether the prompts of a task reach a model, where nothing else tells.

A server without log-probabilities may let the base answer the prompts of a task alone, and the
short answers of two models are often the same. Both models are therefore asked prompts of the task
for more words. Answers that are the same, or differ no more than those of one model, prove
nothing: then the check must not pass on them, unless the answers that are measured differ by more
than those of the base from each other.

The base is taken for the model with at most the probability that
:class:`~evalguard.engines.endpoint.identity.Levels` gives, over all looks. A router that sends a
part of the prompts to the base is seen by this only where the rest does not prove the model: of
texts, a fine-tune too changes only a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.chat import as_messages, read_messages
from evalguard.engines.endpoint.identity import (
    ALPHA,
    NOISE_OF_TWO_SERVERS,
    REPEATS_OF_PROOF,
    Levels,
    beyond_noise,
    differ,
)
from evalguard.engines.endpoint.side_by_side import Ask, Asked, drawn, side_by_side

_TRIED = (6, 12, 24)
"""Prompts of each task that both models are asked, drawn from all that are there, at the first look
and at those that follow while it is open. Where none of the first tells, none follows."""

_FEWEST = 3
"""Of these, how many must be answered."""

_REPEATED = 100
"""Prompts that the base is asked twice, where longer answers prove nothing."""

_TOKENS = 48

_MORE = "After your answer, explain it in three sentences, in words of your own."
"""What a chat is asked for besides; elsewhere answers are longer without their stop strings."""


class LongerAnswers:
    """Knows the tasks for which it cannot be told which model answered.

    Args:
        levels: Levels at which tasks are proven.
        chat: Whether models are asked by chat messages.
    """

    def __init__(self, levels: Levels, *, chat: bool) -> None:
        self._levels = levels
        self._chat = chat
        self._found: dict[tuple[str, str | None], _Found] = {}

    def look(
        self, model: str, requests: Iterable[Instance], ask: Ask[str], *, together: bool = True
    ) -> None:
        """Compare a model with the base on a few prompts of each task that is new.

        :meth:`doubt` says what is found.

        Args:
            model: A model that may differ from the base.
            requests: What it will be asked, of tasks of which nothing else tells who answers.
            ask: Asks both.
            together: Whether one server has both.
        """
        by_task: dict[str | None, dict[str, Instance]] = {}
        for one in requests:
            if one.request_type == "generate_until" and (model, one.task_name) not in self._found:
                by_task.setdefault(one.task_name, {}).setdefault(str(one.args[0]), one)
        for task, by_prompt in by_task.items():
            level = self._levels.of(model, task)
            few = list(by_prompt.values())
            words = self._compare(model, task, few, ask, level=level, together=together)
            varied, repeated = _varied(few, ask) if words else (0, 0)
            if not together:
                varied = max(varied, ceil(NOISE_OF_TWO_SERVERS * repeated))
            self._found[model, task] = _Found(words, level, varied, repeated)

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why it cannot be told who answers the prompts of a request's task."""
        found = self._found.get((model, request.task_name))
        if found is None or not found.words:
            return None
        return Doubt(
            found.words,
            is_of_identity=not _is_sampled(request),
            varied=found.varied,
            repeated=found.repeated,
            level=found.level,
        )

    def _compare(
        self,
        model: str,
        task: str | None,
        prompts: list[Instance],
        ask: Ask[str],
        *,
        level: float,
        together: bool,
    ) -> str:
        """Return why longer answers do not tell a model from the base; empty where they do."""
        draw = drawn(model, task)
        order = draw.sample(prompts, len(prompts))
        base: list[list[str]] = []
        own: list[list[str]] = []
        asked = 0
        looks = [tried for start, tried in pairwise((0, *_TRIED)) if start < len(order)]
        for look, tried in enumerate(looks, start=1):
            few = [self._longer(one) for one in order[asked:tried]]
            for row in side_by_side(few, ask, repeats=REPEATS_OF_PROOF, draw=draw):
                if row is not None:
                    base.append(row[0])
                    own.append(row[1])
            asked += len(few)
            # The first has half of the level, as most are proven there, the next half of the rest.
            if _is_proven(
                base, own, level=level / 2 ** min(look, len(looks) - 1), together=together
            ):
                return ""
            if base == own:
                break
        seen = (
            f"longer answers to {len(base)} prompts do not differ enough from the baseline's"
            if len(base) >= _FEWEST
            else f"only {len(base)} of {asked} prompts for a longer answer "
            f"{'was' if len(base) == 1 else 'were'} answered"
        )
        return (
            f"cannot verify that this model, not the baseline, answered: the server returns no "
            f"usable log-probabilities, and {seen}. Enable 'logprobs' on the server, or gate a "
            f"suite with longer answers"
        )

    def _longer(self, request: Instance) -> Instance:
        prompt = str(request.args[0])
        if self._chat:
            *before, last = read_messages(prompt)
            prompt = as_messages([*before, {**last, "content": f"{last['content']}\n\n{_MORE}"}])
        return Instance(
            request_type="generate_until",
            doc=request.doc,
            arguments=(prompt, {"until": [], "max_gen_toks": _TOKENS, "do_sample": False}),
            idx=request.idx,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of a task.

    Attributes:
        words: Why nothing is proven; empty where it is.
        level: Level at which answers that are measured may prove it.
        varied: Answers of the base that were others when it was asked again.
        repeated: All that it was asked again.
    """

    words: str
    level: float
    varied: int
    repeated: int


def _is_proven(
    base: Sequence[Sequence[str]], own: Sequence[Sequence[str]], *, level: float, together: bool
) -> bool:
    """Return whether answers, several to each prompt, are those of two models.

    They must differ beyond the noise that shows, and beyond that of a server without a fault. The
    noise of two servers is the same every time, so none shows: there the second is the only test.
    """
    changed = sum(set(one).isdisjoint(two) for one, two in zip(base, own, strict=True))
    beyond = (
        beyond_noise(changed, len(base), level=ALPHA)
        if together
        else beyond_noise(changed, len(base), share=NOISE_OF_TWO_SERVERS, level=level)
    )
    return len(base) >= _FEWEST and beyond and differ(base, own, level=level)


def _varied(prompts: Sequence[Instance], ask: Ask[str]) -> tuple[int, int]:
    """Return how many of the base's answers change when it is asked again, of how many."""
    few = [one for one in prompts if not _is_sampled(one)]
    few = drawn("", few[0].task_name).sample(few, min(_REPEATED, len(few))) if few else []
    found = ask([Asked(of_base=True, request=one, repeat=k) for k in (0, 1) for one in few])
    pairs = list(zip(found[: len(few)], found[len(few) :], strict=True))
    answered = [(first, again) for first, again in pairs if None not in (first, again)]
    return sum(first != again for first, again in answered), len(answered)


def _is_sampled(request: Instance) -> bool:
    settings = request.args[1] if request.request_type == "generate_until" else {}
    return bool(settings.get("do_sample") or settings.get("temperature"))
