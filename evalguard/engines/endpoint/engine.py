"""An OpenAI-compatible server as an engine.

``vllm serve`` and others answer under ``/v1/completions`` for several models, among them adapters
under names of their own; servers that only chat answer under ``/v1/chat/completions``, without
log-likelihoods. Prompts are encoded, and texts cut into windows, as lm-eval does, so that
scores equal those of ``lm_eval --model local-completions``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import lm_eval
from lm_eval.api.instance import Instance

from evalguard.engines.base import (
    BASE,
    AdapterCheck,
    Behaviour,
    Doubt,
    Engine,
    EngineSettings,
    Outcome,
    check_loaded,
    checked,
)
from evalguard.engines.endpoint.caches import check_apart
from evalguard.engines.endpoint.ceilings import Ceilings
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.encoder import Encoder
from evalguard.engines.endpoint.first_answers import adds_first, check_answers
from evalguard.engines.endpoint.likelihoods import generated_value
from evalguard.engines.endpoint.listing import check_own_name, listed_models
from evalguard.engines.endpoint.looks import Looks
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.own_questions import OwnQuestions
from evalguard.engines.endpoint.posts import Posted, Writer
from evalguard.engines.endpoint.probes import Probes
from evalguard.engines.endpoint.reader import Reader
from evalguard.engines.endpoint.reading import Reading
from evalguard.engines.endpoint.replies import first_choice
from evalguard.engines.endpoint.scored_posts import post_scored
from evalguard.engines.endpoint.witness import GONE, Witness
from evalguard.errors import EngineError, ModelError, TrustError, did_you_mean

_BLOCK = 4096
"""Requests that are written at a time."""

_BLOCK_THAT_IS_LOOKED_AT = 256
"""The same of a run: after each of these it is asked who answered."""

_UNLIMITED = 1 << 30
"""Context of a server that does not tell it and is asked by chat messages, which it cuts itself."""


class EndpointEngine(Engine):
    """A server that answers for a base and, under other names, for its adapters."""

    name = "endpoint"

    def __init__(self, settings: EngineSettings) -> None:
        """Look the base up on the server; nothing is loaded here but a tokenizer.

        Raises:
            UsageError: If the options are wrong, or hold a key.
            EngineError: If the server cannot be reached, or does not do as it is asked.
            ModelError: If it does not serve the base.
        """
        self._options = EndpointOptions.read(settings.options)
        self._served: dict[str, str] = {BASE: self._options.model or settings.model}
        self._client = Client(self._options, settings.on_wait)
        self._witness = Witness(
            self._block,
            chat=self._options.chat,
            sends_text=self._options.chat or not self._options.tokenized_requests,
            url=self._options.url,
        )
        self._probes = Probes(
            self._block,
            ask_alone=self._alone if self._options.num_concurrent > 1 else None,
            witness=self._witness,
            may_sample=self._options.samples_always,
        )
        try:
            self._open(settings)
        except BaseException:
            self._client.close()
            raise

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return tuple(self._served)

    @property
    def max_length(self) -> int:
        """Context in tokens."""
        return self._max_length

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of how the server was asked."""
        knowing = (self._client, self._witness, self._probes, self._reader)
        notes = [note for one in knowing for note in one.notes]
        if self._encoder is not None and self._encoder.server_adds_first:
            notes.append(
                f"it puts '{self._encoder.first}' before every text, so prompts that begin with it "
                f"were sent without"
            )
        return tuple(f"{self._options.url}: {note}" for note in notes)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Find the name under which the server has an adapter, and prove that it takes effect.

        The server has loaded the adapter itself; ``path`` is only for messages.

        Raises:
            ModelError: If the server does not serve it.
            TrustError: If it answers as the base does, or no more differently than by chance.
        """
        served = self._options.adapters.get(name, name)
        self._check_listed(served, listed_models(self._client))
        check_own_name(name, served, self._names)
        self._served[name] = served
        try:
            return AdapterCheck(effect=self.check_differs(name, self, path))
        except (EngineError, TrustError):
            del self._served[name]
            raise

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests, each for a named model; yield each answer as it comes.

        Raises:
            EngineError: If the server failed, or a model is not served.
        """
        check_loaded((model for model, _ in requests), self.models)
        for model in {model for model, _ in requests}:
            own = [one for name, one in requests if name == model]
            self._probes.look_apart(model, own)
            self._reading.look(model, own)
            self._ceilings.look(model, own)
            self._looks.before(model, own)
        looked = {model for model, one in requests if self._looks.looks_at(model, one)}
        scored = any(self._questions.tells_values(model) for model in looked)
        size = _BLOCK_THAT_IS_LOOKED_AT if looked else _BLOCK
        for start in range(0, len(requests), size):
            block = requests[start : start + size]
            told: dict[int, float] | None = {} if scored else None
            found: Iterable[tuple[int, Outcome]] = self._block(block, told=told)
            gone: dict[str, EngineError] = {}
            if looked:
                # What came before the model was gone cannot be told from what came after.
                found = list(found)
                # The base first, with whose answers those of candidates are compared.
                here = sorted(looked & {model for model, _ in block}, key=lambda one: one != BASE)
                for model in here:
                    if self._witness.knows(model) and self._witness.is_gone(model):
                        gone[model] = self._failure(model, EngineError(GONE))
                    else:
                        self._looks.after(model, block, dict(found), told or {})
            for position, outcome in found:
                yield start + position, gone.get(block[position][0]) or checked(outcome, self.name)
        for model in {model for model, _ in requests}:
            self._ceilings.look_back(model)

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why answers to requests like one may not be a model's own, or not whole.

        Args:
            model: The model.
            request: One of what it was asked.
        """
        doubt = self._ceilings.doubt(model, request)
        return doubt or self._looks.doubt(model, request)

    def behaviour(self) -> Behaviour:
        """Return how the base answers fixed prompts, in place of its weights.

        Raises:
            TrustError: If the server refuses most of them, so that the model cannot be known.
            EngineError: If it answers nothing any more.
        """
        return Behaviour(self._witness.behaviour(), self._questions.fixed_values(BASE))

    def check_differs(self, name: str, base: EndpointEngine, where: str) -> float:
        """Prove that a model here is another one than the base of a project.

        Args:
            name: The model.
            base: The engine of the base: this one, or another on this or another server.
            where: What the model is, for messages.

        Returns:
            How far its answers are from the base's, beyond the server's noise.

        Raises:
            TrustError: If they are not, the server hardly answers, or it answers for one with what
                it computed for the other.
            EngineError: If it answers nothing any more.
        """
        names = self._served[name], base._served[BASE]
        self._reader.others |= {names[1]}
        one_host = self._options.host == base._options.host
        if one_host:
            self._check_apart(name, base, where)
        effect = self._witness.check_differs(name, base._witness, where, names)
        self._looks.add(name, base._looks, names[0], one_host=one_host)
        return effect

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _open(self, settings: EngineSettings) -> None:
        """Look the base up on the server, and see whether it does as it is asked."""
        listed = listed_models(self._client)
        self._check_listed(self._served[BASE], listed)
        context = settings.max_length or listed.get(self._served[BASE])
        if context is None and not self._options.chat:
            raise ModelError(
                f"{self._options.url}: the server does not report the context length of "
                f"'{self._served[BASE]}'. Set it with 'engine: {{max_length: TOKENS}}'."
            )
        # The server generates a token even where only the prompt is looked at.
        self._max_length = int(context or _UNLIMITED) - 1
        self.version = f"{self._options.url}, lm-eval {lm_eval.__version__}"
        self._encoder = None if self._options.chat else Encoder(self._options, settings)
        self._writer = Writer(self._options, self._encoder, max_length=self._max_length)
        self._names = {name: name for name, _ in settings.adapters} | {**self._options.adapters}
        self._questions = OwnQuestions(
            self._block,
            self._client,
            self._writer,
            reader=lambda: self._reader,
            served=self._served,
            seed=self._options.seed,
            chat=self._options.chat,
        )
        self._looks = Looks(
            self._questions,
            self._witness,
            chat=self._options.chat,
            trust_route=self._options.trust_route,
        )
        self._reading = Reading(self._questions.prompt_counts, self._options.max_gen_toks)
        self._ceilings = Ceilings(self._questions.written, self._options.max_gen_toks)
        self._reader = Reader(self._served, self._encoder, self._reading, self._ceilings)
        served, failure = self._served[BASE], partial(self._failure, BASE)
        check_answers(served, self._client, self._writer, self._reader, failure)
        encoder = self._encoder
        if encoder is not None and encoder.first and not self._options.tokenized_requests:
            encoder.server_adds_first = adds_first(
                served, self._client, self._writer, encoder, failure
            )

    def _check_apart(self, name: str, base: EndpointEngine, where: str) -> None:
        """Check that a server that has both models keeps them apart.

        Raises:
            TrustError: If it does not.
        """
        if self._options.names_adapters != base._options.names_adapters:
            raise TrustError(
                f"{where}: only one of this model and the baseline selects its adapters "
                "('extra_body: {lora: …}'); llama.cpp applies all loaded adapters to the other. "
                "Select them for both, for the plain base with 'lora: [{id: 0, scale: 0}]'."
            )
        own, other = self._questions.cached_counts, base._questions.cached_counts
        check_apart(partial(other, BASE), partial(own, name), where)

    def _alone(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        return self._block(requests, at_a_time=1)

    def _block(
        self,
        requests: Sequence[tuple[str, Instance]],
        *,
        at_a_time: int | None = None,
        seeds: Sequence[int] = (),
        told: dict[int, float] | None = None,
    ) -> Iterator[tuple[int, Outcome]]:
        """Ask for answers; note in ``told`` the log-probabilities that come with texts."""
        asked: list[tuple[int, Posted]] = []
        open_: dict[int, list[float | tuple[float, bool] | None]] = {}
        for position, (model, instance) in enumerate(requests):
            try:
                posts = self._posts(model, instance)
            except EngineError as error:
                yield position, error
                continue
            if not posts:
                yield position, 0.0  # an empty text
                continue
            open_[position] = [None] * len(posts)
            asked += [(position, post) for post in posts]
        done: set[int] = set()
        bodies = [
            {**post.body, "seed": seeds[position]} if seeds else post.body
            for position, post in asked
        ]
        seen: dict[int, int] = {}
        try:
            for place, data in self._replies(asked, bodies, at_a_time, scored=told is not None):
                position, post = asked[place]
                if position in done:
                    continue
                model, request = requests[position]
                try:
                    answer = self._reader.read(model, request, post, data)
                except EngineError as error:
                    done.add(position)
                    yield position, self._failure(model, error)
                    continue
                if isinstance(answer, str):
                    done.add(position)
                    value = generated_value(first_choice(data))
                    if told is not None and value is not None:
                        told[position] = value
                    yield position, answer
                    continue
                open_[position][post.index] = answer
                seen[position] = seen.get(position, 0) + 1
                if seen[position] == len(open_[position]):
                    done.add(position)
                    yield position, _together(requests[position][1], open_[position])
        except EngineError as error:
            raise EngineError(f"{self._options.url}: {error}") from None

    def _replies(
        self,
        asked: Sequence[tuple[int, Posted]],
        bodies: Sequence[Mapping[str, Any]],
        at_a_time: int | None,
        *,
        scored: bool,
    ) -> Iterator[tuple[int, Any]]:
        if not scored:
            return self._client.post_all(bodies, at_a_time=at_a_time)
        texts = [place for place, (_, post) in enumerate(asked) if post.generation]
        return post_scored(self._client, bodies, texts, chat=self._options.chat)

    def _posts(self, model: str, instance: Instance) -> list[Posted]:
        """Return what a request takes: one body, or one for each window of a long text.

        Raises:
            EngineError: If it cannot be asked, or the model does not do as it is asked.
        """
        if instance.request_type == "generate_until":
            if self._writer.generation(instance).sampled:
                self._probes.check_draws(model)
            else:
                self._probes.check_greedy(model)
        elif self._encoder is not None:
            self._probes.check_likelihoods(model)
        self._looks.check(model, instance)
        return self._writer.posts(self._served[model], instance)

    def _failure(self, model: str, error: Exception) -> EngineError:
        name = self._served[BASE] if model == BASE else model
        return EngineError(f"{self._options.url}, model '{name}': {self._client.words(error)}")

    def _check_listed(self, served: str, listed: dict[str, int | None]) -> None:
        if listed and served not in listed:
            raise ModelError(
                f"{self._options.url}: the server has no model '{served}'. "
                f"{did_you_mean(served, listed)} Give its name on the server under 'model', or "
                "for an adapter under 'engine: options: adapters'."
            )


def _together(instance: Instance, parts: Sequence[float | tuple[float, bool] | None]) -> Outcome:
    found = [part for part in parts if isinstance(part, tuple)]
    if instance.request_type == "loglikelihood_rolling":
        return float(sum(value for value, _ in found))
    return found[0]
