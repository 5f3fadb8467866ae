"""The endpoint engine: any OpenAI-compatible server, through lm-eval's API models.

``vllm serve`` and others answer under ``/v1/completions`` for several models, among them adapters
under names of their own; servers that only chat answer under ``/v1/chat/completions``, without
log-likelihoods.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiohttp
import lm_eval
import requests as http
from lm_eval.api.instance import Instance
from lm_eval.models import api_models
from lm_eval.models.openai_completions import LocalChatCompletion, LocalCompletionsAPI

from evalguard.engines.base import (
    BASE,
    PROBE_TEXTS,
    AdapterCheck,
    Engine,
    EngineSettings,
    Outcome,
    Response,
    choice,
    generation,
)
from evalguard.engines.endpoint_options import EndpointOptions
from evalguard.engines.grouping import stream_in_groups
from evalguard.errors import EngineError, ModelError, TrustError, did_you_mean
from evalguard.quiet import quiet

_FAILURES = (
    aiohttp.ClientError,
    http.RequestException,
    asyncio.TimeoutError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    NotImplementedError,
)
"""What lm-eval's API models raise when a server fails or answers in a form of its own."""

_PROBE_TOKENS = 24

_GIVE_UP_AFTER = 16
"""Requests that fail while none is answered, after which the others are not waited for."""


class EndpointEngine(Engine):
    """A server that answers for a base and, under other names, for its adapters."""

    name = "endpoint"

    def __init__(self, settings: EngineSettings) -> None:
        """Look the base up on the server; nothing is loaded here but a tokenizer.

        Raises:
            UsageError: If the options are wrong, or hold a key.
            EngineError: If the server cannot be reached.
            ModelError: If it does not serve the base.
        """
        self._options = EndpointOptions.read(settings.options)
        self._served: dict[str, str] = {BASE: self._options.model or settings.model}
        listed = self._listed_models()
        self._check_listed(self._served[BASE], listed)
        context = settings.max_length or listed.get(self._served[BASE])
        if context is None:
            raise ModelError(
                f"{self._options.url}: the server does not tell the context of "
                f"'{self._served[BASE]}'. Give it as 'engine: {{max_length: TOKENS}}'."
            )
        self.version = f"{self._options.url}, lm-eval {lm_eval.__version__}"
        with quiet():
            self._lm = self._client(settings, context=int(context))

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return tuple(self._served)

    @property
    def max_length(self) -> int:
        """Context in tokens; lm-eval keeps one for the token that a server always generates."""
        return int(self._lm.max_length)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Find the name under which the server has an adapter, and prove that it takes effect.

        The server has loaded the adapter itself; ``path`` is only for messages.

        Raises:
            ModelError: If the server does not serve it.
            TrustError: If it answers as the base does.
        """
        served = self._options.adapters.get(name, name)
        self._check_listed(served, self._listed_models())
        self._served[name] = served
        try:
            return self._check_effect(name, path)
        except (EngineError, TrustError):
            del self._served[name]
            raise

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests, each for a named model; yield each answer as it comes.

        Raises:
            EngineError: If the server failed, or a model is not served.
        """
        return stream_in_groups(requests, self.models, self._answer, engine=self.name)

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, model: str, method: str, instances: list[Instance]) -> list[Outcome]:
        self._lm.model = self._served[model]
        if self._options.chat:
            instances = [_as_chat(instance) for instance in instances]
        try:
            # The windows of a whole text are no requests of their own.
            each = _EachAlone(raises=method == "loglikelihood_rolling")
            with quiet(), _silent(each):
                answers = list(getattr(self._lm, method)(instances, disable_tqdm=True))
        except _FAILURES as error:
            raise self._failure(model, error) from None
        if all(isinstance(answer, Exception) for answer in answers):
            raise self._failure(model, answers[0])
        return [
            self._failure(model, answer) if isinstance(answer, Exception) else answer
            for answer in answers
        ]

    def _failure(self, model: str, error: Exception) -> EngineError:
        return EngineError(f"{self._options.url}, model '{model}': {self._text(error)}")

    def _client(self, settings: EngineSettings, *, context: int) -> Any:
        kind = _KeyedChat if self._options.chat else _KeyedCompletions
        tokens = {} if self._options.chat else {"tokenizer_backend": "huggingface"}
        return kind(
            key=self._options.key,
            base_url=self._options.url,
            model=self._served[BASE],
            tokenizer=None if self._options.chat else settings.tokenizer or settings.model,
            max_length=context,
            num_concurrent=self._options.num_concurrent,
            trust_remote_code=settings.trust_remote_code,
            **tokens,
            **self._options.further,
        )

    def _listed_models(self) -> dict[str, int | None]:
        """Return the models that the server lists, with their context where it tells."""
        url = f"{self._options.root}/models"
        try:
            answer = http.get(url, headers=self._options.headers, timeout=30)
            answer.raise_for_status()
            listed = answer.json()["data"]
            return {str(entry["id"]): entry.get("max_model_len") for entry in listed}
        except (http.RequestException, ValueError, LookupError, TypeError) as error:
            raise EngineError(
                f"{url}: the server's list of models cannot be read: {self._text(error)}. "
                f"Check 'engine: options: base_url', and that the server runs."
            ) from None

    def _check_listed(self, served: str, listed: dict[str, int | None]) -> None:
        if served not in listed:
            raise ModelError(
                f"{self._options.url}: no model '{served}' is served. "
                f"{did_you_mean(served, listed)} Name them in 'engine: options:' as 'model' and "
                f"'adapters'."
            )

    def _check_effect(self, name: str, path: str) -> AdapterCheck:
        """Compare base and adapter on the probe texts, by log-likelihood or else by answers."""
        requests = [_continuation(text) for text in PROBE_TEXTS]
        if self._options.chat:
            requests = [generation(text, tokens=_PROBE_TOKENS) for text in PROBE_TEXTS]
        base = self.respond([(BASE, request) for request in requests])
        adapted = self.respond([(name, request) for request in requests])
        changes = [_change(b, a) for b, a in zip(base, adapted, strict=True)]
        effect = sum(changes) / len(changes)
        if not effect > 0:
            raise TrustError(
                f"{path}: the server answers as '{self._served[name]}' exactly as it does as "
                f"'{self._served[BASE]}'. Check that it loaded the adapter."
            )
        return AdapterCheck(effect=effect)

    def _text(self, error: BaseException) -> str:
        """Return the error's text without the key, should a server send it back."""
        text = str(error).strip() or type(error).__name__
        return text.replace(self._options.key, "***") if self._options.key else text


class _Keyed:
    """Gives lm-eval's API models the key, which they would read from one variable alone."""

    def __init__(self, *, key: str, **arguments: Any) -> None:
        self._key = key
        super().__init__(**arguments)

    @property
    def api_key(self) -> str:
        """The key, or an empty text."""
        return self._key

    def parse_generations(self, outputs: Any, **options: Any) -> list[str]:
        """Return the texts of an answer.

        Raises:
            ValueError: If one has no text, for which lm-eval would take an empty one.
        """
        for answer in outputs if isinstance(outputs, list) else [outputs]:
            texts = [
                given.get("text", (given.get("message") or {}).get("content"))
                for given in answer["choices"]
            ]
            if not texts or None in texts:
                raise ValueError(
                    "the server gave no text: it filtered the answer, or all of its tokens went "
                    "into reasoning; raise 'max_new_tokens' then"
                )
        found: list[str] = super().parse_generations(outputs, **options)  # type: ignore[misc]
        return found


class _KeyedCompletions(_Keyed, LocalCompletionsAPI):
    pass


class _KeyedChat(_Keyed, LocalChatCompletion):
    pass


class _EachAlone:
    """Stands in for tqdm's ``gather``, which always draws, and gives up all for one failure.

    Args:
        raises: Whether a failure is raised all the same.
    """

    def __init__(self, *, raises: bool) -> None:
        self._raises = raises
        self._answered = False
        self._failed = 0

    async def gather(self, *tasks: asyncio.Task[Any], **_options: Any) -> list[list[Any]]:
        """Return the answers to every request, or what it failed with.

        Raises:
            Exception: The failure, if it is to be raised or the server answers nothing.
        """
        for done in asyncio.as_completed(tasks):
            try:
                await done
                self._answered = True
            except _FAILURES:
                self._failed += 1
                hopeless = not self._answered and self._failed >= _GIVE_UP_AFTER
                if self._raises or hopeless:
                    raise  # which cancels the others
        return [[task.exception()] if task.exception() else task.result() for task in tasks]


@contextmanager
def _silent(gathering: _EachAlone) -> Iterator[None]:
    """Keep lm-eval from drawing, and from logging a failed request with its headers and key."""
    logger = logging.getLogger(api_models.__name__)
    before = logger.disabled
    logger.disabled = True
    try:
        with patch.object(api_models, "tqdm_asyncio", gathering):
            yield
    finally:
        logger.disabled = before


def _as_chat(instance: Instance) -> Instance:
    """Return a generation request whose prompt is a chat of one message."""
    if instance.request_type != "generate_until":
        raise EngineError(
            "a chat endpoint gives no log-likelihoods, which multiple choice and perplexity need. "
            "Use an endpoint with completions ('api: completions'), or generation tasks alone."
        )
    prompt, settings = instance.args
    chat = json.dumps([{"role": "user", "content": prompt}], ensure_ascii=False)
    return Instance(
        request_type="generate_until",
        doc={},
        arguments=(api_models.JsonChatStr(chat), settings),
        idx=0,
    )


def _continuation(text: str) -> Instance:
    first, _, rest = text.partition(" ")
    return choice(first, f" {rest}")


def _change(before: Response, after: Response) -> float:
    """Return the change of a log-likelihood, or 1 where a text differs."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        return abs(after[0] - before[0])
    return float(before != after)
