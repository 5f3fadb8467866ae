"""An OpenAI-compatible server as an engine.

``vllm serve`` and others answer under ``/v1/completions`` for several models, among them adapters
under names of their own; servers that only chat answer under ``/v1/chat/completions``, without
log-likelihoods. Prompts are encoded, and texts cut into windows, as lm-eval does, so that
scores equal those of ``lm_eval --model local-completions``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lm_eval
from lm_eval.api.instance import Instance

from evalguard.engines.base import (
    BASE,
    PROBE_TEXTS,
    AdapterCheck,
    Engine,
    EngineSettings,
    Outcome,
    check_loaded,
    checked,
    generation,
)
from evalguard.engines.chat import read_messages
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.encoder import Encoder, Tokens
from evalguard.engines.endpoint.likelihoods import read_likelihood
from evalguard.engines.endpoint.listing import listed_models
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.replies import (
    first_choice,
    model_of,
    read_text,
)
from evalguard.engines.endpoint.requests import (
    Generation,
    LimitError,
    UnansweredError,
    echo,
    read_generation,
)
from evalguard.engines.endpoint.witness import GONE, Witness
from evalguard.errors import EngineError, ModelError, TrustError, did_you_mean

_BLOCK = 4096
"""Requests that are written at a time."""

_BLOCK_OF_CANDIDATES = 256
"""The same for models under a name of their own: after each of these it is asked who answered."""

_LIMIT_TOKENS = 4

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
        self._client = Client(self._options)
        self._witness = Witness(self._block, chat=self._options.chat, url=self._options.url)
        listed = listed_models(self._client)
        self._check_listed(self._served[BASE], listed)
        context = settings.max_length or listed.get(self._served[BASE])
        if context is None and not self._options.chat:
            raise ModelError(
                f"{self._options.url}: the server does not tell the context of "
                f"'{self._served[BASE]}'. Give it as 'engine: {{max_length: TOKENS}}'."
            )
        # The server generates a token even where only the prompt is looked at.
        self._max_length = int(context or _UNLIMITED) - 1
        self.version = f"{self._options.url}, lm-eval {lm_eval.__version__}"
        self._encoder = None if self._options.chat else Encoder(self._options, settings)
        self._check_answers()

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
        notes = (*self._client.notes, *self._witness.notes)
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

    def behaviour(self) -> str:
        """Return a hash of what the base answers to fixed prompts, in place of its weights.

        Raises:
            EngineError: If the server does not answer.
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
            TrustError: If they are not.
            EngineError: If the server hardly answers.
        """
        names = self._served[name], base._served[BASE]
        return self._witness.check_differs(name, base._witness, where, names)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _block(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        asked: list[tuple[int, _Posted]] = []
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
            for place, data in self._client.post_all(bodies):
                position, post = asked[place]
                if position in done:
                    continue
                model = requests[position][0]
                try:
                    answer = self._answer(model, post, data)
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

    def _answer(self, model: str, post: _Posted, data: Any) -> str | tuple[float, bool]:
        """Return what a response says.

        Raises:
            EngineError: If it is none, or another model's.
        """
        if isinstance(data, EngineError):
            raise data
        by = model_of(data)
        if by != self._served[model] and by in self._served.values():
            raise EngineError(f"it was answered by '{by}', another model of this check")
        if post.generation:
            return read_text(data, post.generation)
        assert self._encoder is not None
        found = first_choice(data)
        return read_likelihood(found, post.tokens, post.start, self._encoder.spellings)

    def _posts(self, model: str, instance: Instance) -> list[_Posted]:
        """Return what a request takes: one body, or one for each window of a long text."""
        served = self._served[model]
        if instance.request_type == "generate_until":
            asked = self._generation(instance)
            if asked.sampled:
                self._witness.check_draws(model)
            prompt = (
                {"messages": read_messages(asked.prompt)}
                if self._encoder is None
                else {"prompt": self._encoder.prompt(asked, self._max_length)}
            )
            return [_Posted({"model": served, **prompt, **asked.body}, generation=asked)]
        if self._encoder is None:
            raise EngineError(
                "a chat endpoint gives no log-likelihoods, which multiple choice and perplexity "
                "need. Use an endpoint with completions ('api: completions'), or generation tasks "
                "alone."
            )
        rolling = instance.request_type == "loglikelihood_rolling"
        pairs = (
            self._encoder.windows(instance.args[0], self._max_length)
            if rolling
            else [self._encoder.pair(*instance.args)]
        )
        return [
            self._echo(served, context, continuation, index)
            for index, (context, continuation) in enumerate(pairs)
            if continuation
        ]

    def _echo(self, served: str, context: Tokens, continuation: Tokens, index: int) -> _Posted:
        tokens = [*context, *continuation]
        if not context:
            raise EngineError("a choice stands after an empty prompt, so nothing predicts it")
        if len(tokens) > self._max_length:
            raise EngineError(
                f"a prompt with its choice takes {len(tokens)} tokens, more than the context of "
                f"{self._max_length}"
            )
        assert self._encoder is not None
        sent = [tokens] if self._options.tokenized_requests else self._encoder.text(tokens)
        body = {"model": served, **echo(sent, self._options.seed)}
        return _Posted(body, index=index, tokens=tokens, start=len(context))

    def _generation(self, instance: Instance) -> Generation:
        return read_generation(
            instance,
            default_tokens=self._options.max_gen_toks,
            seed=self._options.seed,
            eos=self._options.eos_string,
        )

    def _failure(self, model: str, error: Exception) -> EngineError:
        return EngineError(f"{self._options.url}, model '{model}': {self._client.words(error)}")

    def _check_listed(self, served: str, listed: dict[str, int | None]) -> None:
        if listed and served not in listed:
            raise ModelError(
                f"{self._options.url}: no model '{served}' is served. "
                f"{did_you_mean(served, listed)} Name them in 'engine: options:' as 'model' and "
                f"'adapters'."
            )

    def _check_answers(self) -> None:
        """Check that the server answers, and keeps to ``max_tokens``.

        Raises:
            EngineError: If it does not.
        """
        (post,) = self._posts(BASE, generation(PROBE_TEXTS[0], tokens=_LIMIT_TOKENS))
        try:
            for _, data in self._client.post_all([post.body]):
                self._answer(BASE, post, data)
        except LimitError as error:
            raise self._failure(BASE, error) from None
        except UnansweredError:
            return  # it says nothing of other prompts
        except EngineError as error:
            raise self._failure(BASE, error) from None


@dataclass(frozen=True, slots=True)
class _Posted:
    """A body that is sent, and what is read off the response.

    Attributes:
        body: Fields of the request.
        generation: What it asks for, where that is a text.
        index: Place among the windows of one text.
        tokens: The prompt whose log-probabilities it asks for.
        start: Position of the first token that counts.
    """

    body: Mapping[str, Any]
    generation: Generation | None = None
    index: int = 0
    tokens: Sequence[int] = ()
    start: int = 0


def _together(instance: Instance, parts: Sequence[float | tuple[float, bool] | None]) -> Outcome:
    found = [part for part in parts if isinstance(part, tuple)]
    if instance.request_type == "loglikelihood_rolling":
        return float(sum(value for value, _ in found))
    return found[0]
