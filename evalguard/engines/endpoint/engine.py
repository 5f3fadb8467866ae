"""An OpenAI-compatible server as an engine.

``vllm serve`` and others answer under ``/v1/completions`` for several models, among them adapters
under names of their own; servers that only chat answer under ``/v1/chat/completions``, without
log-likelihoods. Prompts are encoded, and texts cut into windows, as lm-eval does, so that
scores equal those of ``lm_eval --model local-completions``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import lm_eval
from lm_eval.api.instance import Instance

from evalguard.engines.base import (
    BASE,
    AdapterCheck,
    Doubt,
    Engine,
    EngineSettings,
    Outcome,
    check_loaded,
    checked,
    generation,
)
from evalguard.engines.endpoint.caches import check_apart
from evalguard.engines.endpoint.ceilings import Ceilings, Written
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.counts import prompt_tokens
from evalguard.engines.endpoint.encoder import Encoder
from evalguard.engines.endpoint.first_answers import FIRST, LEAST_LIMIT, nothing_answered
from evalguard.engines.endpoint.listing import listed_models
from evalguard.engines.endpoint.longer_answers import LongerAnswers
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.posts import Posted, Writer
from evalguard.engines.endpoint.probes import Probes
from evalguard.engines.endpoint.reader import Reader
from evalguard.engines.endpoint.reading import Reading
from evalguard.engines.endpoint.replies import cached_tokens, counted, first_choice
from evalguard.engines.endpoint.requests import LimitError, UnansweredError
from evalguard.engines.endpoint.same_values import SameValues, generated_value
from evalguard.engines.endpoint.witness import GONE, Witness
from evalguard.errors import EngineError, ModelError, TrustError, did_you_mean

_BLOCK = 4096
"""Requests that are written at a time."""

_BLOCK_OF_CANDIDATES = 256
"""The same for models under a name of their own: after each of these it is asked who answered."""

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
            self._look_same(model, own)
        named = any(self._witness.knows(model) for model, _ in requests)
        size = _BLOCK_OF_CANDIDATES if named else _BLOCK
        for start in range(0, len(requests), size):
            block = requests[start : start + size]
            found: Iterable[tuple[int, Outcome]] = self._block(block)
            gone: dict[str, EngineError] = {}
            if named:
                # What came before the model was gone cannot be told from what came after.
                found = list(found)
                for model in filter(self._witness.knows, {model for model, _ in block}):
                    if self._witness.is_gone(model):
                        gone[model] = self._failure(model, EngineError(GONE))
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
        return self._ceilings.doubt(model, request) or self._longer.doubt(model, request)

    def behaviour(self) -> str:
        """Return a hash of what the base answers to fixed prompts, in place of its weights.

        Raises:
            TrustError: If the server refuses most of them, so that the model cannot be known.
            EngineError: If it answers nothing any more.
        """
        return self._witness.behaviour()

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
        if self._options.host == base._options.host:
            self._check_apart(name, base, where)
        effect = self._witness.check_differs(name, base._witness, where, names)
        self._bases[name] = base
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
        self._bases: dict[str, EndpointEngine] = {}
        self._same_values = SameValues()
        self._longer = LongerAnswers(self._options.chat)
        self._reading = Reading(self._count_prompts, self._options.max_gen_toks)
        self._ceilings = Ceilings(self._written, self._options.max_gen_toks)
        self._reader = Reader(self._served, self._encoder, self._reading, self._ceilings)
        self._check_answers()
        self._look_for_first_token()

    def _look_for_first_token(self) -> None:
        """See whether the server puts a first token before texts that begin with it already.

        Raises:
            EngineError: If that cannot be told: two models would get different prompts.
        """
        encoder = self._encoder
        if encoder is None or self._options.tokenized_requests or not encoder.first:
            return
        texts = [f"{encoder.first}{text}" for text, _ in FIRST]
        served = self._served[BASE]
        posts = [self._writer.posts(served, generation(text, tokens=1))[0] for text in texts]
        replies = dict(self._client.post_all([post.body for post in posts]))
        heard = {at: data for at, data in replies.items() if not isinstance(data, EngineError)}
        if not heard:
            raise self._failure(BASE, replies[0])
        place, data = next(iter(heard.items()))
        encoder.server_adds_first = prompt_tokens(data) == encoder.count(texts[place]) + 1

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
        check_apart(partial(base._cached_tokens, BASE), partial(self._cached_tokens, name), where)

    def _cached_tokens(self, model: str, prompts: Sequence[str]) -> list[int]:
        """Ask a model prompts, and return how much of each the server says that it had."""
        served = self._served[model]
        try:
            posts = [self._writer.posts(served, generation(text, tokens=1)) for text in prompts]
        except EngineError:
            return [0] * len(prompts)  # they do not fit into the context
        found = dict(self._client.post_all([post.body for [post] in posts]))
        return [cached_tokens(found[place]) for place in range(len(prompts))]

    def _alone(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        return self._block(requests, at_a_time=1)

    def _block(
        self, requests: Sequence[tuple[str, Instance]], *, at_a_time: int | None = None
    ) -> Iterator[tuple[int, Outcome]]:
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
        bodies = [post.body for _, post in asked]
        seen: dict[int, int] = {}
        try:
            for place, data in self._client.post_all(bodies, at_a_time=at_a_time):
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
                    yield position, answer
                    continue
                open_[position][post.index] = answer
                seen[position] = seen.get(position, 0) + 1
                if seen[position] == len(open_[position]):
                    done.add(position)
                    yield position, _together(requests[position][1], open_[position])
        except EngineError as error:
            raise EngineError(f"{self._options.url}: {error}") from None

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
        self._same_values.check(model, instance)
        return self._writer.posts(self._served[model], instance)

    def _failure(self, model: str, error: Exception) -> EngineError:
        return EngineError(f"{self._options.url}, model '{model}': {self._client.words(error)}")

    def _check_listed(self, served: str, listed: dict[str, int | None]) -> None:
        if listed and served not in listed:
            raise ModelError(
                f"{self._options.url}: the server has no model '{served}'. "
                f"{did_you_mean(served, listed)} Give its name on the server under 'model', or "
                "for an adapter under 'engine: options: adapters'."
            )

    def _look_same(self, model: str, requests: Sequence[Instance]) -> None:
        """See whether the prompts of each task reach a model, and not the base it differs from."""
        base = self._bases.get(model)
        if base is None:
            return
        prompts = self._witness.scores(model)
        self._same_values.look(
            model,
            requests,
            own=lambda few: self._values(model, few, prompts=prompts),
            base=lambda few: base._values(BASE, few, prompts=prompts),
            prompts=prompts,
        )
        self._longer.look(
            model,
            [one for one in requests if not self._same_values.tells(model, one)],
            own=lambda few: self._texts(model, few),
            base=lambda few: base._texts(BASE, few),
        )

    def _values(
        self, model: str, requests: Sequence[Instance], *, prompts: bool
    ) -> list[float | None]:
        """Return log-probabilities of prompts, or else of what is generated after them."""
        found: list[float | None] = [None] * len(requests)
        if prompts:
            for place, outcome in self._block([(model, one) for one in requests]):
                found[place] = outcome[0] if isinstance(outcome, tuple) else None
            return found
        wanted = {"logprobs": True if self._options.chat else 1}
        for place, data in self._replies(model, requests, wanted):
            with suppress(UnansweredError):
                found[place] = generated_value(first_choice(data))
        return found

    def _written(self, model: str, requests: Sequence[Instance]) -> list[Written | None]:
        """Return what a model writes, with its length."""
        found: list[Written | None] = [None] * len(requests)
        for place, data in self._replies(model, requests, {}):
            found[place] = self._reader.written(self._writer.generation(requests[place]), data)
        return found

    def _texts(self, model: str, requests: Sequence[Instance]) -> list[str | None]:
        """Return a model's answers; ``None`` where there is none."""
        found: list[str | None] = [None] * len(requests)
        for place, outcome in self._block([(model, one) for one in requests]):
            found[place] = outcome if isinstance(outcome, str) else None
        return found

    def _count_prompts(self, model: str, requests: Sequence[Instance]) -> list[int | None]:
        """Return how many tokens the server counts of each prompt."""
        found: list[int | None] = [None] * len(requests)
        for place, data in self._replies(model, requests, {}):
            found[place] = prompt_tokens(data)
        return found

    def _replies(
        self, model: str, requests: Sequence[Instance], more: Mapping[str, Any]
    ) -> Iterator[tuple[int, Any]]:
        """Yield the responses, as data, to those requests that are answered."""
        asked: list[tuple[int, Posted]] = []
        for place, request in enumerate(requests):
            with suppress(EngineError):  # too long for the context that the server tells
                asked.append((place, self._writer.posts(self._served[model], request)[0]))
        bodies = [{**post.body, **more} for _, post in asked]
        for place, data in self._client.post_all(bodies):
            if not isinstance(data, EngineError):
                yield asked[place][0], data

    def _check_answers(self) -> None:
        """Check that the server answers, keeps to ``max_tokens``, and repeats no prompts.

        What it does not answer says nothing of other prompts, unless it answers none at all.

        Raises:
            EngineError: If it does not.
        """
        requests = [generation(text, tokens=tokens) for text, tokens in FIRST]
        posts = [self._writer.posts(self._served[BASE], one)[0] for one in requests]
        heard, failures = list[tuple[int, Any]](), list[EngineError]()
        try:
            for place, data in self._client.post_all([post.body for post in posts]):
                if isinstance(data, EngineError):
                    failures.append(data)
                else:
                    heard.append((place, data))
        except EngineError as error:
            failures = [error]
        if not heard:
            raise self._failure(BASE, nothing_answered(failures))
        self._reader.learn([(posts[place], data) for place, data in heard])
        for place, data in heard:
            try:
                self._check_first(requests[place], posts[place], data)
            except UnansweredError as error:
                if isinstance(error, LimitError) and FIRST[place][1] >= LEAST_LIMIT:
                    raise self._failure(BASE, error) from None
            except EngineError as error:
                raise self._failure(BASE, error) from None

    def _check_first(self, request: Instance, post: Posted, data: Any) -> None:
        assert post.generation is not None
        said = counted(data, post.generation).text
        if said.lstrip().startswith(str(request.args[0])):
            raise EngineError(
                "its answers begin with the prompt. Serve it without 'return_full_text'"
            )
        self._reader.read(BASE, request, post, data)


def _together(instance: Instance, parts: Sequence[float | tuple[float, bool] | None]) -> Outcome:
    found = [part for part in parts if isinstance(part, tuple)]
    if instance.request_type == "loglikelihood_rolling":
        return float(sum(value for value, _ in found))
    return found[0]
