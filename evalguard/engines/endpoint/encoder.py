"""Turns prompts into tokens as lm-eval does, for servers that are asked for log-likelihoods."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lm_eval.api.model import TemplateLM
from transformers import AutoTokenizer

from evalguard.engines.base import EngineSettings
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.requests import Generation
from evalguard.engines.windows import windows
from evalguard.errors import EngineError
from evalguard.hub import loading_tokenizer

Tokens = list[int]


class Encoder:
    """A tokenizer, used as lm-eval uses it for a server that answers ``/completions``."""

    backend = "causal"
    """What lm-eval's splitting of prompt and choice asks for."""

    def __init__(self, options: EndpointOptions, settings: EngineSettings) -> None:
        """Load the tokenizer.

        Raises:
            ModelError: If there is none.
        """
        source = settings.tokenizer or settings.model
        with loading_tokenizer(
            source,
            "no tokenizer can be loaded from it, which an endpoint with completions needs",
            "Set 'tokenizer' for the model, or use 'api: chat'.",
        ):
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                source,
                revision=settings.revision or "main",
                trust_remote_code=settings.trust_remote_code,
            )
        self._options = options
        self.server_adds_first = False
        """Whether the server puts the first token before texts that begin with it already."""
        self.spellings = lru_cache(maxsize=None)(self._spellings)
        self._encode = lru_cache(maxsize=8192)(self._encode_text)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None) -> Tokens:
        """Return the tokens of a text, each text encoded once."""
        return list(self._encode(string, bool(add_special_tokens)))

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.tok_encode(text))

    def prompt(self, asked: Generation, room: int) -> list[Tokens] | str:
        """Return a prompt as it is sent.

        Raises:
            EngineError: If it does not fit into the context with its answer.
        """
        tokens = self.tok_encode(asked.prompt)
        if len(tokens) + asked.new_tokens > room:
            raise EngineError(
                f"the prompt has {len(tokens)} tokens and the answer up to {asked.new_tokens}, "
                f"more than the context of {room}"
            )
        if self._options.tokenized_requests:
            return [tokens]
        return asked.prompt.removeprefix(self.first) if self.server_adds_first else asked.prompt

    @property
    def first(self) -> str:
        """Text of the token that begins a text, as templates have it; empty without one."""
        return str(self._tokenizer.bos_token or "")

    def pair(self, context: str, continuation: str) -> tuple[Tokens, Tokens]:
        """Return a prompt and its choice, split as lm-eval splits them."""
        if context:
            splits: Any = TemplateLM._encode_pair  # which uses nothing else of its class
            first, second = splits(self, context, continuation)
            return first, second
        tokens = self.tok_encode(continuation, add_special_tokens=False)
        if tokens and tokens[0] == self._prefix:
            return tokens[:1], tokens[1:]
        return [self._prefix], tokens

    def windows(self, text: str, room: int) -> list[tuple[Tokens, Tokens]]:
        """Return the windows in which a text of any length is scored, as lm-eval cuts it."""
        found = windows(self.tok_encode(text), prefix=self._prefix, max_length=room - 1)
        return [(list(context), list(scored)) for context, scored in found]

    def text(self, tokens: Tokens) -> str:
        """Return the text of tokens, for servers that take no tokens."""
        return str(self._tokenizer.decode(tokens))

    @property
    def _prefix(self) -> int:
        """Token before a text without a prompt."""
        given = self._options.prefix_token
        own = self._tokenizer.bos_token_id
        token = next((one for one in (given, own) if one is not None), self._tokenizer.eos_token_id)
        return int(token)

    def _encode_text(self, text: str, special: bool) -> tuple[int, ...]:
        ids = self._tokenizer(
            text,
            add_special_tokens=special or self._options.add_bos_token,
            return_attention_mask=False,
        ).input_ids
        return tuple(ids)

    def _spellings(self, token: int) -> tuple[str, ...]:
        """Return how a server may write a token: as text, as the vocabulary does, by its id."""
        raw = str(self._tokenizer.convert_ids_to_tokens(token))
        text = str(self._tokenizer.decode([token]))
        spaced = raw.replace("Ġ", " ").replace("▁", " ").replace("Ċ", "\n")
        unsaid = ("",) if raw in self._tokenizer.all_special_tokens else ()
        return text, raw, spaced, f"token_id:{token}", *unsaid
