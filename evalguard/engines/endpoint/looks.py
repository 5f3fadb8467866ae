"""Looks, before and after each block of a run, at which model of a server answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, Doubt, Outcome
from evalguard.engines.endpoint.fixed_values import Values, is_one_model
from evalguard.engines.endpoint.identity import Answer
from evalguard.engines.endpoint.own_questions import OwnQuestions
from evalguard.engines.endpoint.same_route import BASELINE, OWN, UNSCORED, Tell, Told
from evalguard.engines.endpoint.side_by_side import Ask
from evalguard.engines.endpoint.who_answers import WhoAnswers, asking_both
from evalguard.engines.endpoint.witness import Witness
from evalguard.errors import EngineError


class Looks:
    """Knows what was seen of the models of one server.

    Args:
        questions: Asks them.
        witness: Knows them by their answers to fixed prompts.
        chat: Whether they are asked by chat messages.
        trust_route: Whether the user vouches that each name reaches its model alone.
    """

    def __init__(
        self,
        questions: OwnQuestions,
        witness: Witness,
        *,
        chat: bool,
        trust_route: bool,
    ) -> None:
        self._questions = questions
        self._witness = witness
        self._who = WhoAnswers(chat=chat, trust_route=trust_route)
        self._bases: dict[str, Looks] = {}
        self._candidates: list[tuple[Looks, str, str]] = []
        self._fixed: dict[str, Values] = {}
        self._one_model: dict[str, Doubt] = {}
        self._elsewhere: set[str] = set()

    def add(self, model: str, base: Looks, served: str, *, one_host: bool) -> None:
        """Note a candidate that was seen to be another model than the base.

        Args:
            model: The candidate.
            base: Looks at the base: this, or that of another server.
            served: The candidate's name on the server.
            one_host: Whether one host has both.
        """
        self._bases[model] = base
        if not one_host:
            self._elsewhere.add(model)
        for looks, name, other in base._candidates:
            if is_one_model(self._fixed_values(model), looks._fixed_values(name)):
                doubt = Doubt(
                    f"'{other}' and '{served}' have the same log-probabilities on fixed prompts: "
                    "one model may be answering under both names. Check that the server serves "
                    "both, or list the model once"
                )
                self._one_model[model] = looks._one_model[name] = doubt
        base._candidates.append((self, model, served))

    def looks_at(self, model: str, request: Instance) -> bool:
        """Return whether it is looked at who answers a request; the engine's own are no task's."""
        return model in self._bases or (model == BASE and request.task_name is not None)

    def before(self, model: str, requests: Sequence[Instance]) -> None:
        """See whether the prompts of each task reach a candidate, and not the base.

        Args:
            model: The model.
            requests: What it will be asked.
        """
        base = self._bases.get(model)
        if base is None:
            return
        own, others = self._questions, base._questions
        names, together = (model, BASE), base is self
        values, prompts = self._values(model, base)
        texts = asking_both(own.texts, others.texts, names, together=together)
        self._who.look(
            model, requests, values=values, texts=texts, prompts=prompts, together=together
        )

    def after(
        self,
        model: str,
        block: Sequence[tuple[str, Instance]],
        outcomes: Mapping[int, Outcome],
        told: Mapping[int, float],
    ) -> None:
        """See whether a model itself answered a block.

        Args:
            model: A candidate, or the base.
            block: What models were asked.
            outcomes: What came of it, by position.
            told: Log-probabilities that came with texts, by position.
        """
        own = [(one, at) for at, (name, one) in enumerate(block) if name == model]
        base = self._bases.get(model)
        if base is not None:
            values, prompts = self._values(model, base)
            self._who.look_back(model, [one for one, _ in own], values=values, prompts=prompts)
        answered = [
            (one, Told(_answer(outcome), told.get(at)))
            for one, at in own
            if (outcome := outcomes.get(at)) is not None and not isinstance(outcome, EngineError)
        ]
        other = base._who if base else None
        self._who.look_at_answers(
            model,
            answered,
            self._tell(model, base),
            base=other,
            one_host=model not in self._elsewhere,
        )

    def check(self, model: str, request: Instance) -> None:
        """Check that the prompts of a request's task do not all reach the base.

        Raises:
            EngineError: If they do.
        """
        self._who.check(model, request)

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why another model may have answered requests like one."""
        if doubt := self._one_model.get(model):
            return doubt
        return self._who.doubt(model, request, is_base=model not in self._bases)

    def _fixed_values(self, model: str) -> Values:
        if model not in self._fixed:
            self._fixed[model] = self._questions.fixed_values(model)
        return self._fixed[model]

    def _tell(self, model: str, base: Looks | None) -> dict[str, Tell]:
        """Return what asks a model, the base and the other candidates again."""
        tell: dict[str, Tell] = {OWN: partial(self._questions.told, model)}
        if self._questions.tells_values(model):
            tell[UNSCORED] = partial(self._questions.unscored, model)
        if base is not None:
            tell[BASELINE] = partial(base._questions.told, BASE)
        for looks, name, served in (base or self)._candidates:
            if (looks, name) != (self, model):
                tell[f"'{served}'s"] = partial(looks._questions.told, name)
        return tell

    def _values(self, model: str, base: Looks) -> tuple[Ask[float], bool]:
        """Return what asks both models for log-probabilities, and whether for those of prompts."""
        prompts = self._witness.scores(model)
        own, other = (
            (one.prompt_values if prompts else one.generated_values)
            for one in (self._questions, base._questions)
        )
        return asking_both(own, other, (model, BASE), together=base is self), prompts


def _answer(outcome: str | float | tuple[float, bool]) -> Answer:
    return outcome[0] if isinstance(outcome, tuple) else outcome
