"""Proves, task by task, that what a server answers under a candidate's name is the candidate's.

By log-probabilities (:mod:`~evalguard.engines.endpoint.same_values`), else by longer answers
(:mod:`~evalguard.engines.endpoint.longer_answers`), else by the answers that are measured
(:func:`~evalguard.runner.same_answers.doubtful`); where none proves it, no gate passes on the task.
Texts prove that the model answers some of a task's prompts, not that the base answers none: a
fine-tune, too, changes only a part of them. Where log-probabilities do not show it, no gate passes
unless the user vouches for the route.
That the measured answers are those of the proven model is seen by
:mod:`~evalguard.engines.endpoint.same_route`, and by the log-probabilities that come with them
(:mod:`~evalguard.engines.endpoint.measured_values`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.endpoint.identity import Levels
from evalguard.engines.endpoint.longer_answers import LongerAnswers
from evalguard.engines.endpoint.measured_values import Answered, MeasuredValues
from evalguard.engines.endpoint.same_route import BASELINE, SameRoute, Tell
from evalguard.engines.endpoint.same_values import SameValues
from evalguard.engines.endpoint.side_by_side import Ask, Asked

T = TypeVar("T")

Named = tuple[str, Instance, int]
"""A model, what it is asked, and which repeat that is."""

AskNamed = Callable[[Sequence[Named]], "list[T | None]"]
"""Asks the models of one server."""


class WhoAnswers:
    """Knows which tasks' prompts reach a candidate, and not the base.

    Args:
        chat: Whether models are asked by chat messages.
        trust_route: Whether the user vouches that each name reaches its model alone.
    """

    def __init__(self, *, chat: bool, trust_route: bool) -> None:
        levels = Levels()
        self._trust_route = trust_route
        self._same_values = SameValues(levels)
        self._longer = LongerAnswers(levels, chat=chat)
        self._route = SameRoute()
        self._measured = MeasuredValues()

    def look(
        self,
        model: str,
        requests: Sequence[Instance],
        *,
        values: Ask[float],
        texts: Ask[str],
        prompts: bool,
        together: bool,
    ) -> None:
        """Compare a candidate with the base on prompts of each task that is new.

        Args:
            model: The candidate.
            requests: What it will be asked.
            values: Asks both for log-probabilities.
            texts: Asks both for texts.
            prompts: Whether they tell log-probabilities of prompts, and not only of answers.
            together: Whether one server has both.
        """
        self._same_values.look(model, requests, values, prompts=prompts, together=together)
        untold = [one for one in requests if not self._same_values.tells(model, one)]
        self._longer.look(model, untold, texts, together=together)

    def look_back(
        self,
        model: str,
        requests: Sequence[Instance],
        *,
        values: Ask[float],
        prompts: bool,
    ) -> None:
        """Compare them on a few of the prompts that the candidate has just been asked.

        Args:
            model: The candidate.
            requests: What it was asked.
            values: Asks both for log-probabilities.
            prompts: Whether log-probabilities are those of prompts, and not only of answers.
        """
        self._same_values.look_back(model, requests, values, prompts=prompts)

    def look_at_answers(
        self,
        model: str,
        answered: Answered,
        tell: Mapping[str, Tell],
        *,
        base: WhoAnswers | None,
        one_host: bool = True,
    ) -> None:
        """See whether another model gave the answers that are measured.

        Args:
            model: The candidate, or the base.
            answered: What it was asked, and what it answered.
            tell: Asks it and others again, by whose answers they give.
            base: Knows the base's answers; ``None`` where the model is the base.
            one_host: Whether one host has both.
        """
        answers = [(one, told.answer) for one, told in answered]
        again = self._route.look_back(model, answers, tell)
        self._measured.note(answered, again, is_base=base is None)
        if base is not None:
            self._measured.compare(
                model, answered, base._measured, tell[BASELINE], one_host=one_host
            )

    def check(self, model: str, request: Instance) -> None:
        """Check that the prompts of a request's task do not all reach the base.

        Raises:
            EngineError: If they do.
        """
        self._same_values.check(model, request)

    def doubt(self, model: str, request: Instance, *, is_base: bool = False) -> Doubt | None:
        """Return why it cannot be told who answers the prompts of a request's task.

        Args:
            model: The model.
            request: One of its requests.
            is_base: Whether it is the base, which needs no proof to be another model.
        """
        if is_base:
            return self._route.doubt(model, request)
        values = self._same_values, self._route, self._measured
        found = next(filter(None, (one.doubt(model, request) for one in values)), None)
        if found is None and not self._trust_route:
            why = self._same_values.uncovered(model, request) or self._measured.uncovered(model)
            found = _uncovered(why)
        return found or self._longer.doubt(model, request)


def _uncovered(why: str) -> Doubt | None:
    if not why:
        return None
    return Doubt(
        f"cannot verify that the baseline gave none of these answers: {why}. Enable 'logprobs' on "
        "the server, or vouch for its routes with the engine option 'trust_route: true'"
    )


def asking_both(
    own: AskNamed[T], base: AskNamed[T], names: tuple[str, str], *, together: bool
) -> Ask[T]:
    """Return what asks a candidate and the base.

    Args:
        own: Asks the candidate's server.
        base: Asks that of the base.
        names: Of the candidate and of the base.
        together: Whether one server has both, which is then asked for both at the same time.
    """

    def ask(asked: Sequence[Asked]) -> list[T | None]:
        named = [(names[one.of_base], one.request, one.repeat) for one in asked]
        if together:
            return own(named)
        found: list[T | None] = [None] * len(asked)
        # One repeat after the other, so that noise of a moment is not that of all repeats.
        for repeat in sorted({one.repeat for one in asked}):
            for of_base, side in ((False, own), (True, base)):
                places = [
                    place
                    for place, one in enumerate(asked)
                    if (one.of_base, one.repeat) == (of_base, repeat)
                ]
                if places:
                    answers = side([named[place] for place in places])
                    for place, answer in zip(places, answers, strict=True):
                        found[place] = answer
        return found

    return ask
