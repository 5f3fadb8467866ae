"""An OpenAI-compatible server as an engine.

``vllm serve`` and others answer under ``/v1/completions`` for several models, among them adapters
under names of their own; servers that only chat answer under ``/v1/chat/completions``, without
log-likelihoods. Prompts are encoded, and texts cut into windows, as lm-eval does, so that
scores equal those of ``lm_eval --model local-completions``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
    choice,
    generation,
)
from evalguard.engines.chat import read_messages
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.encoder import Encoder, Tokens
from evalguard.engines.endpoint.identity import (
    REPEATS,
    Answer,
    differ,
    effect,
    mixed,
    nearer,
    telling,
)
from evalguard.engines.endpoint.likelihoods import read_likelihood
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
from evalguard.errors import EngineError, ModelError, TrustError, did_you_mean

_BLOCK = 4096
"""Requests that are written at a time."""

_BLOCK_OF_CANDIDATES = 256
"""The same for models under a name of their own: after each of these it is asked who answered."""

_CANARIES = 2
"""Prompts that tell a candidate from the base, and times that each is asked then."""

_PROBE_TOKENS = 24
_LIMIT_TOKENS = 4
_DRAWS = 4

_WHO = (
    *PROBE_TEXTS,
    "Write one sentence about the sea.",
    "What is 17 plus 26?",
    "Name a colour, an animal and a town.",
    "Translate into French: Good morning, my friend.",
    "How do I reset my password?",
)
"""What both models are asked when it is proven that they are two."""

_FEWEST = 3
"""Of these, how many the server must answer."""

_BEHAVIOUR_TOKENS = 64

_UNLIMITED = 1 << 30
"""Context of a server that does not tell it and is asked by chat messages, which it cuts itself."""

_CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")


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
        self._draws: dict[str, str] = {}
        self._proofs: dict[str, _Proof] = {}
        self._repeats: dict[str, dict[int, list[Answer]]] = {}
        self._last_error = ""
        listed = self._listed_models()
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
        return tuple(f"{self._options.url}: {note}" for note in self._client.notes)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Find the name under which the server has an adapter, and prove that it takes effect.

        The server has loaded the adapter itself; ``path`` is only for messages.

        Raises:
            ModelError: If the server does not serve it.
            TrustError: If it answers as the base does, or no more differently than by chance.
        """
        served = self._options.adapters.get(name, name)
        self._check_listed(served, self._listed_models())
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
        named = any(model in self._proofs for model, _ in requests)
        size = _BLOCK_OF_CANDIDATES if named else _BLOCK
        for start in range(0, len(requests), size):
            block = requests[start : start + size]
            found: Iterable[tuple[int, Outcome]] = self._block(block)
            gone: dict[str, EngineError] = {}
            if named:
                # What came before the model was gone cannot be told from what came after.
                found = list(found)
                for model in {model for model, _ in block} & self._proofs.keys():
                    if error := self._gone(model):
                        gone[model] = error
            for position, outcome in found:
                yield start + position, gone.get(block[position][0]) or checked(outcome, self.name)

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
                self._check_draws(model)
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

    def _listed_models(self) -> dict[str, int | None]:
        """Return the models that the server lists, with their context where it tells.

        A server without a list, or with one in another form, may serve any name.
        """
        try:
            data = self._client.get("models")
        except EngineError as error:
            if any(f"status {code}" in str(error) for code in (404, 405, 501)):
                return {}
            raise EngineError(
                f"{self._options.root}/models: the server's list of models cannot be read: "
                f"{error}. Check 'engine: options: base_url', and that the server runs."
            ) from None
        entries = data.get("data") if isinstance(data, Mapping) else None
        return {
            str(entry["id"]): _context(entry)
            for entry in (entries if isinstance(entries, list) else [])
            if isinstance(entry, Mapping) and "id" in entry
        }

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

    def _gone(self, model: str) -> EngineError | None:
        """Return an error where a model that was proven answers as the base by now."""
        proof = self._proofs[model]
        found = self._ask(model, [place for place in proof.prompts for _ in range(_CANARIES)])
        if sum(map(len, found.values())) < len(proof.prompts) * _CANARIES:
            return None  # the server has no answer, which its samples say themselves
        answers = [one for place in proof.prompts for one in found[place]]
        rows = [
            [side[place] for place in proof.prompts for _ in range(_CANARIES)]
            for side in proof.sides
        ]
        if not nearer(answers, rows[0], rows[1]):
            return None
        return self._failure(
            model, EngineError("it answers as the base by now: the server has dropped the model")
        )

    def _check_draws(self, model: str) -> None:
        """Check that the server draws when it is asked to, once for each model.

        Raises:
            EngineError: If several draws are the likeliest text.
        """
        if model not in self._draws:
            self._draws[model] = ""  # what is asked here is drawn, too
            settings = {"until": [], "max_gen_toks": 2 * _PROBE_TOKENS}
            drawn = {"do_sample": True, "temperature": 1.5}
            asked = [
                Instance(
                    request_type="generate_until",
                    doc={},
                    arguments=(text, {**settings, **drawn, "seed": seed}),
                    idx=0,
                )
                for seed in range(_DRAWS)
                for text in _WHO[:2]
            ]
            texts = self.respond([(model, one) for one in asked])
            if all(len(set(texts[place::2])) == 1 for place in range(2)) and any(texts):
                self._draws[model] = (
                    f"{_DRAWS} answers drawn at temperature 1.5 are the same, so the server "
                    f"ignores 'temperature': what is sampled would measure nothing"
                )
        if self._draws[model]:
            raise EngineError(self._draws[model])

    def behaviour(self) -> str:
        """Return a hash of what the base answers to fixed prompts.

        It stands for weights that cannot be seen; a server that answers otherwise each time has
        another one each time.

        Raises:
            EngineError: If the server does not answer.
        """
        asked = [(BASE, generation(text, tokens=_BEHAVIOUR_TOKENS)) for text in _WHO]
        answers = "\0".join(map(str, self.respond(asked)))
        return hashlib.sha256(answers.encode()).hexdigest()

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
        known, other = base._repeated(BASE), self._repeated(name)
        both = [place for place in known if place in other]
        if len(both) < _FEWEST:
            raise EngineError(
                f"{self._options.url}: of {len(_WHO)} harmless prompts only {len(both)} were "
                f"answered: {base._last_error or self._last_error}"
            )
        one, two = [known[place] for place in both], [other[place] for place in both]
        if mixed(one, two):
            raise TrustError(
                f"{where}: the server answers as '{self._served[name]}' at times exactly as it "
                f"does as '{base._served[BASE]}', at times otherwise: it sends a part of the "
                f"requests to the wrong model. Check its routes and replicas."
            )
        if differ(one, two):
            prompts = [both[place] for place in telling(one, two)[:_CANARIES]]
            self._proofs[name] = _Proof(prompts, (known, other))
            return effect(one, two)
        names = f"as '{self._served[name]}'", f"as '{base._served[BASE]}'"
        if one == two:
            raise TrustError(
                f"{where}: the server answers {names[0]} exactly as it does {names[1]}. Check that "
                f"it loaded the model, and under which name."
            )
        raise TrustError(
            f"{where}: the server's answers {names[0]} differ from those {names[1]} no more than "
            f"those from each other: one model may answer under both names. Check that it loaded "
            f"the model, and serve it without sampling (temperature 0)."
        )

    def _repeated(self, model: str) -> dict[int, list[Answer]]:
        """Return a model's answers to each of the prompts, asked several times.

        A prompt to which the server has no answer is left out.
        """
        if model not in self._repeats:
            places = [place for place in range(len(_WHO)) for _ in range(REPEATS)]
            found = self._ask(model, places)
            self._repeats[model] = {
                place: own for place, own in sorted(found.items()) if len(own) == REPEATS
            }
        return self._repeats[model]

    def _ask(self, model: str, places: Sequence[int]) -> dict[int, list[Answer]]:
        """Return a model's answers to some of the prompts, as often as each is named."""
        requests = [_continuation(text) for text in _WHO]
        if self._options.chat:
            requests = [generation(text, tokens=_PROBE_TOKENS) for text in _WHO]
        found: dict[int, list[Answer]] = {}
        for position, outcome in self._block([(model, requests[place]) for place in places]):
            if isinstance(outcome, EngineError):
                self._last_error = str(outcome)
            else:
                answer = outcome[0] if isinstance(outcome, tuple) else outcome
                found.setdefault(places[position], []).append(answer)
        return found


class _Proof(NamedTuple):
    """What told a model from the base.

    Attributes:
        prompts: Those on which they differ most.
        sides: The base's answers and the model's, by prompt.
    """

    prompts: list[int]
    sides: tuple[Mapping[int, list[Answer]], Mapping[int, list[Answer]]]


class _Posted:
    """A body that is sent, and what is read off the response."""

    __slots__ = ("body", "generation", "index", "start", "tokens")

    def __init__(
        self,
        body: Mapping[str, Any],
        *,
        generation: Generation | None = None,
        index: int = 0,
        tokens: Sequence[int] = (),
        start: int = 0,
    ) -> None:
        self.body = body
        self.generation = generation
        self.index = index
        self.tokens = tokens
        self.start = start


def _together(instance: Instance, parts: Sequence[float | tuple[float, bool] | None]) -> Outcome:
    found = [part for part in parts if isinstance(part, tuple)]
    if instance.request_type == "loglikelihood_rolling":
        return float(sum(value for value, _ in found))
    return found[0]


def _context(entry: Mapping[str, Any]) -> int | None:
    """Return the context of a listed model, under the keys that servers use."""
    found = next((entry[key] for key in _CONTEXT_KEYS if entry.get(key)), None)
    return int(found) if isinstance(found, int | float) else None


def _continuation(text: str) -> Instance:
    first, _, rest = text.partition(" ")
    return choice(first, f" {rest}")
