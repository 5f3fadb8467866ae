"""Asks a server's models fixed prompts, to see which of them answers.

What they show is a screen: that a name is another model than the base on prompts of a suite is
proven task by task (:mod:`~evalguard.engines.endpoint.who_answers`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, PROBE_TEXTS, Outcome, choice, generation
from evalguard.engines.endpoint.identity import (
    REPEATS,
    Answer,
    effect,
    may_differ,
    mixed,
    nearer,
    telling,
)
from evalguard.errors import EngineError, TrustError

Ask = Callable[[Sequence[tuple[str, Instance]]], Iterator[tuple[int, Outcome]]]
"""Sends requests, each for a named model."""

GONE = "it now answers like the base: the server has unloaded the adapter"
"""Why no answer of a model counts any more."""

_CANARIES = 2
"""Prompts that tell a candidate from the base, and times that each is asked then."""

_PROBE_TOKENS = 24

FIXED = (
    *PROBE_TEXTS,
    "Write one sentence about the sea.",
    "What is 17 plus 26?",
    "Name a colour, an animal and a town.",
    "Translate into French: Good morning, my friend.",
    "How do I reset my password?",
)
"""What models are asked to see which of them answers."""

_FEWEST = 3
"""Of these, how many the server must answer."""

_FEWEST_FOR_BEHAVIOUR = math.ceil(len(FIXED) / 2)
"""The same where the answers stand for weights that cannot be seen."""

_BEHAVIOUR_TOKENS = 64


class Witness:
    """Knows a server's models by what they answer.

    Args:
        ask: Asks them.
        chat: Whether they are asked by chat messages, so that only texts can be compared.
        sends_text: Whether prompts are sent as texts, whose answers can be compared where a
            server gives no log-likelihoods.
        url: Of the server, for messages.
    """

    def __init__(self, ask: Ask, *, chat: bool, sends_text: bool, url: str) -> None:
        self._send = ask
        self._by_text = chat
        self._sends_text = sends_text
        self._url = url
        self._repeats: dict[str, dict[int, list[Answer]]] = {}
        self._proofs: dict[str, _Proof] = {}
        self.last_error = ""
        """Why the server did not answer one of the prompts."""

    def knows(self, model: str) -> bool:
        """Return whether a model was seen to be another one than the base."""
        return model in self._proofs

    def scores(self, model: str) -> bool:
        """Return whether a model was seen to be another one by log-likelihoods."""
        return model in self._proofs and not self._proofs[model].by_text

    def has_asked(self, model: str) -> bool:
        """Return whether a model was asked the same several times."""
        return model in self._repeats

    def texts(self, model: str) -> list[list[str]] | None:
        """Return what a model answered to each prompt, or ``None`` where that was no text."""
        rows = [list(map(str, row)) for row in self._repeats.get(model, {}).values()]
        return rows if self._by_text else None

    @property
    def notes(self) -> list[str]:
        """What a user should know of the models' answers."""
        found = []
        for model in self._repeats:
            texts = self.texts(model) or []
            if varied := sum(len(set(row)) > 1 for row in texts):
                found.append(
                    f"model '{model}': {varied} of {len(texts)} prompts got different answers at "
                    f"temperature 0: the server samples, or answers differently from batch to batch"
                )
        return found

    def check_differs(self, name: str, base: Witness, where: str, names: tuple[str, str]) -> float:
        """Prove that a model here is another one than the base of a project.

        Args:
            name: The model.
            base: Knows the base: this one, or that of another server.
            where: What the model is, for messages.
            names: Names of the model and of the base on the server.

        Returns:
            How far its answers are from the base's, beyond the server's noise.

        Raises:
            TrustError: If they are not, or the server hardly answers.
            EngineError: If it answers nothing any more.
        """
        for witness, model in ((base, BASE), (self, name)):
            witness._repeated(model)
        if base._by_text or self._by_text:
            base._compare_texts()
            self._compare_texts()
        known, other = base._repeated(BASE), self._repeated(name)
        both = [place for place in known if place in other]
        if len(both) < _FEWEST:
            raise TrustError(
                f"{self._url}: of {len(FIXED)} harmless prompts only {len(both)} were answered, "
                f"too few to distinguish '{names[0]}' from '{names[1]}': "
                f"{self.last_error or base.last_error}{self._advice}"
            )
        one, two = [known[place] for place in both], [other[place] for place in both]
        if mixed(one, two):
            raise TrustError(
                f"{where}: the answers of '{names[0]}' are sometimes exactly those of "
                f"'{names[1]}' and sometimes not: the server sends some requests to the wrong "
                "model. Check its routes and replicas."
            )
        if may_differ(one, two):
            prompts = [both[place] for place in telling(one, two)[:_CANARIES]]
            self._proofs[name] = _Proof(prompts, (known, other), self._by_text)
            return effect(one, two)
        other_name, base_name = (f"as '{one}'" for one in names)
        if one == two:
            raise TrustError(
                f"{where}: the server answers {other_name} exactly as it does {base_name}. Check "
                "that it loaded the model, and under which name. 'api: completions' compares "
                "log-likelihoods, which is more sensitive than comparing texts."
            )
        raise TrustError(
            f"{where}: the server's answers {other_name} differ from those {base_name} no more "
            "than those from each other: one model may be answering under both names. Check "
            "that the server loaded the model, and serve it with greedy decoding (temperature "
            "0)."
        )

    def is_gone(self, model: str) -> bool:
        """Return whether a model that was proven now answers like the base."""
        proof = self._proofs[model]
        places = [place for place in proof.prompts for _ in range(_CANARIES)]
        found = self._ask(model, places, by_text=proof.by_text)
        if sum(map(len, found.values())) < len(proof.prompts) * _CANARIES:
            return False  # the server has no answer, which its samples say themselves
        answers = [one for place in proof.prompts for one in found[place]]
        rows = [
            [side[place] for place in proof.prompts for _ in range(_CANARIES)]
            for side in proof.sides
        ]
        return nearer(answers, rows[0], rows[1])

    def behaviour(self) -> str:
        """Return a hash of what the base answers to fixed prompts.

        It stands for weights that cannot be seen; a server that answers otherwise each time has
        another one each time. A prompt that it refuses counts as one without an answer.

        Raises:
            TrustError: If the server answers fewer than half of them.
            EngineError: If it answers nothing any more.
        """
        asked = [(BASE, generation(text, tokens=_BEHAVIOUR_TOKENS)) for text in FIXED]
        answers, failures = ["\0"] * len(asked), list[str]()
        answered = 0
        for place, one in self._send(asked):
            if isinstance(one, EngineError):
                failures.append(str(one))
            else:
                answers[place], answered = str(one), answered + 1
        if answered < _FEWEST_FOR_BEHAVIOUR:
            raise TrustError(
                f"{self._url}: of {len(FIXED)} harmless prompts only {answered} were answered, too "
                f"few to identify the model: {(failures or ['the rest got no response'])[0]}"
            )
        return hashlib.sha256("\0".join(answers).encode()).hexdigest()

    @property
    def _advice(self) -> str:
        """What to do where log-likelihoods were asked for in vain."""
        if self._by_text or self._sends_text:
            return ""
        return (
            ". To compare texts, which generation tasks are enough for, set "
            "'tokenized_requests: false' or 'api: chat'"
        )

    def _compare_texts(self) -> None:
        """Compare texts from now on, and forget the log-likelihoods of before."""
        if not self._by_text:
            self._by_text = True
            self._repeats.clear()

    def _repeated(self, model: str) -> dict[int, list[Answer]]:
        """Return a model's answers to each of the prompts, asked several times.

        A prompt to which the server has no answer is left out.
        """
        if model not in self._repeats:
            places = [place for place in range(len(FIXED)) for _ in range(REPEATS)]
            found = self._ask(model, places, by_text=self._by_text)
            if not found and self._sends_text and not self._by_text:
                self._compare_texts()
                found = self._ask(model, places, by_text=True)
            self._repeats[model] = {
                place: own for place, own in sorted(found.items()) if len(own) == REPEATS
            }
        return self._repeats[model]

    def _ask(self, model: str, places: Sequence[int], *, by_text: bool) -> dict[int, list[Answer]]:
        """Return a model's answers to some of the prompts, as often as each is named."""
        requests = [_continuation(text) for text in FIXED]
        if by_text:
            requests = [generation(text, tokens=_PROBE_TOKENS) for text in FIXED]
        found: dict[int, list[Answer]] = {}
        for position, outcome in self._send([(model, requests[place]) for place in places]):
            if isinstance(outcome, EngineError):
                self.last_error = str(outcome)
            else:
                answer = outcome[0] if isinstance(outcome, tuple) else outcome
                if isinstance(answer, float) and not math.isfinite(answer):
                    self.last_error = f"the log-likelihood of a prompt is {answer}"
                    continue
                found.setdefault(places[position], []).append(answer)
        return found


class _Proof(NamedTuple):
    """What told a model from the base.

    Attributes:
        prompts: Those on which they differ most.
        sides: The base's answers and the model's, by prompt.
        by_text: Whether they are texts.
    """

    prompts: list[int]
    sides: tuple[Mapping[int, list[Answer]], Mapping[int, list[Answer]]]
    by_text: bool


def _continuation(text: str) -> Instance:
    first, _, rest = text.partition(" ")
    return choice(first, f" {rest}")
