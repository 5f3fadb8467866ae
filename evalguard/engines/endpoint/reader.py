"""Reads responses: whose they are, whether all of the prompt was read, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from lm_eval.api.instance import Instance

from evalguard.engines.endpoint.ceilings import Ceilings, Written
from evalguard.engines.endpoint.counts import are_counts, can_be, prompt_tokens
from evalguard.engines.endpoint.encoder import Encoder
from evalguard.engines.endpoint.likelihoods import read_likelihood
from evalguard.engines.endpoint.posts import Posted
from evalguard.engines.endpoint.reading import Reading, Sent
from evalguard.engines.endpoint.replies import (
    counted,
    ends_at_limit,
    first_choice,
    model_of,
    read_text,
)
from evalguard.engines.endpoint.requests import Generation, UnansweredError
from evalguard.errors import EngineError

_NO_COUNTS = (
    "its token counts ('usage': completion_tokens) do not match its answers, so they were not used"
)


class Reader:
    """Reads the responses of one server.

    Args:
        served: Names of its models on the server, by the engine's names.
        encoder: Knows its tokens; ``None`` where it is asked by chat messages.
        reading: Knows where it cuts prompts.
        ceilings: Knows where it cuts answers.
    """

    def __init__(
        self,
        served: Mapping[str, str],
        encoder: Encoder | None,
        reading: Reading,
        ceilings: Ceilings,
    ) -> None:
        self._ceilings = ceilings
        self._served = served
        self._encoder = encoder
        self._reading = reading
        self._named: dict[str, str] = {}
        self._trusts_counts = True
        self.others: set[str] = set()
        """Names of models of the check on other servers."""

    @property
    def notes(self) -> list[str]:
        """What a user should know of its responses."""
        return [] if self._trusts_counts else [_NO_COUNTS]

    def learn(self, heard: Sequence[tuple[Posted, Any]]) -> None:
        """See on the first responses whether what the server counts can be tokens."""
        answers = []
        for post, data in heard:
            assert post.generation is not None
            with suppress(UnansweredError):
                answers.append(counted(data, post.generation))
        self._trusts_counts = are_counts(answers)
        prompts = [(prompt_tokens(data), post.sent) for post, data in heard]
        self._reading.learn(
            (tokens for tokens, _ in prompts),
            (Sent(sent, tokens) for tokens, sent in prompts if sent is not None and tokens),
        )

    def read(
        self, model: str, request: Instance, post: Posted, data: Any
    ) -> str | tuple[float, bool]:
        """Return what a response says.

        Args:
            model: The model that was asked.
            request: What it was asked.
            post: What was sent.
            data: The response, or why there is none.

        Raises:
            EngineError: If it is none, another model's, or the answer to a part of the prompt.
        """
        if isinstance(data, EngineError):
            raise data
        self.check_name(model, data)
        self._reading.check(model, request, prompt_tokens(data), post.sent)
        if post.generation:
            count = self._encoder.count if self._encoder else None
            text = read_text(data, post.generation, count, trusts_counts=self._trusts_counts)
            if (one := self.written(post.generation, data)) and one.text == text:
                self._ceilings.note(model, request, one)  # no stop string ended it
            return text
        assert self._encoder is not None
        found = first_choice(data)
        return read_likelihood(found, post.tokens, post.start, self._encoder.spellings)

    def written(self, asked: Generation, data: Any) -> Written | None:
        """Return a response with its length; ``None`` where it has another form."""
        with suppress(UnansweredError):
            said = counted(data, asked)
            tokens = said.tokens if self._trusts_counts and can_be(said) else None
            return Written(said.text, tokens, said.limit, ends_at_limit(data))
        return None

    def check_name(self, model: str, data: Any) -> None:
        """Check the name of the model that a response says has answered.

        It need not be the one that was asked for, which may be short for a version, but one and the
        same for all answers.

        Raises:
            EngineError: If it is another model's, or another one than before.
        """
        served, by = self._served[model], model_of(data)
        if by is None:
            return
        if by != served and (by in self.others or by in self._served.values()):
            raise EngineError(f"it was answered by '{by}', another model of this check")
        before = self._named.setdefault(served, by)
        if by != before:
            raise EngineError(
                f"it was answered by '{by}', and others by '{before}': route the name to one "
                "deployment, or name one under 'model'"
            )
