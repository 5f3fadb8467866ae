"""Writes the bodies that a request takes, and says what is read off each response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval.api.instance import Instance

from evalguard.engines.chat import read_messages
from evalguard.engines.endpoint.encoder import Encoder, Tokens
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.requests import Generation, echo, read_generation
from evalguard.errors import EngineError


@dataclass(frozen=True, slots=True)
class Posted:
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

    @property
    def sent(self) -> int | None:
        """Tokens of the prompt, where it is sent as tokens."""
        prompt = self.body.get("prompt")
        return len(prompt[0]) if isinstance(prompt, list) else None


class Writer:
    """Writes requests as a server takes them.

    Args:
        options: How the server is asked.
        encoder: Turns prompts into tokens; ``None`` where chat messages are sent.
        max_length: Context in tokens.
    """

    def __init__(
        self, options: EndpointOptions, encoder: Encoder | None, *, max_length: int
    ) -> None:
        self._options = options
        self._encoder = encoder
        self._max_length = max_length

    def generation(self, instance: Instance) -> Generation:
        """Return what a request for a text asks for."""
        return read_generation(
            instance,
            default_tokens=self._options.max_gen_toks,
            seed=self._options.seed,
            eos=self._options.eos_string,
        )

    def posts(self, served: str, instance: Instance) -> list[Posted]:
        """Return what a request takes: one body, or one for each window of a long text.

        Args:
            served: Name of the model on the server.
            instance: lm-eval's request.

        Raises:
            EngineError: If it cannot be asked.
        """
        if instance.request_type == "generate_until":
            asked = self.generation(instance)
            prompt = (
                {"messages": read_messages(asked.prompt)}
                if self._encoder is None
                else {"prompt": self._encoder.prompt(asked, self._max_length)}
            )
            return [Posted({"model": served, **prompt, **asked.body}, generation=asked)]
        if self._encoder is None:
            raise EngineError(
                "a chat endpoint returns no log-likelihoods, which multiple choice and "
                "perplexity need. Use an endpoint with completions ('api: completions'), or "
                "only generation tasks."
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

    def _echo(self, served: str, context: Tokens, continuation: Tokens, index: int) -> Posted:
        tokens = [*context, *continuation]
        if not context:
            raise EngineError("a choice follows an empty prompt, so nothing predicts it")
        if len(tokens) > self._max_length:
            raise EngineError(
                f"prompt and choice take {len(tokens)} tokens, more than the context of "
                f"{self._max_length}"
            )
        assert self._encoder is not None
        sent = [tokens] if self._options.tokenized_requests else self._encoder.text(tokens)
        body = {"model": served, **echo(sent, self._options.seed)}
        return Posted(body, index=index, tokens=tokens, start=len(context))
