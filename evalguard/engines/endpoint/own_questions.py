"""What the engine asks a server for itself, and not for a run: no missing answer is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from lm_eval.api.instance import Instance

from evalguard.engines.base import Outcome, generation
from evalguard.engines.endpoint.ceilings import Written
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.counts import prompt_tokens
from evalguard.engines.endpoint.likelihoods import VALUE_TOKENS, generated_value
from evalguard.engines.endpoint.posts import Posted, Writer
from evalguard.engines.endpoint.reader import Reader
from evalguard.engines.endpoint.replies import cached_tokens, first_choice
from evalguard.engines.endpoint.same_route import Told
from evalguard.engines.endpoint.scored_posts import wanted
from evalguard.engines.endpoint.who_answers import Named
from evalguard.engines.endpoint.witness import FIXED
from evalguard.errors import EngineError

_TRIED = 2
"""Fixed prompts by which it is seen whether a server tells log-probabilities."""


class AskBlock(Protocol):
    """Asks for answers as a run does."""

    def __call__(
        self, requests: Sequence[tuple[str, Instance]], *, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the position and the outcome of each request; each is sent with its own seed."""


class OwnQuestions:
    """Asks the models of a server.

    Args:
        ask: Asks for answers as a run does.
        client: Sends requests.
        writer: Writes them.
        reader: Returns what reads the responses.
        served: Names of the models on the server, by the engine's names.
        seed: Seed of requests that are not sampled.
        chat: Whether models are asked by chat messages.
    """

    def __init__(
        self,
        ask: AskBlock,
        client: Client,
        writer: Writer,
        *,
        reader: Callable[[], Reader],
        served: Mapping[str, str],
        seed: int,
        chat: bool,
    ) -> None:
        self._ask = ask
        self._client = client
        self._writer = writer
        self._reader = reader
        self._served = served
        self._seed = seed
        self._chat = chat
        self._is_silent = False
        self._tells_values: bool | None = None

    def texts(self, asked: Sequence[Named]) -> list[str | None]:
        """Return the models' answers."""
        return [one if isinstance(one, str) else None for one in self._outcomes(asked)]

    def prompt_values(self, asked: Sequence[Named]) -> list[float | None]:
        """Return log-likelihoods."""
        values = [one[0] if isinstance(one, tuple) else one for one in self._outcomes(asked)]
        return [one if isinstance(one, float) else None for one in values]

    def generated_values(
        self, asked: Sequence[Named], *, at_a_time: int | None = None
    ) -> list[float | None]:
        """Return log-probabilities of what the models generate.

        Args:
            asked: What they are asked.
            at_a_time: Most requests under way, where fewer than the options allow.
        """
        found: list[float | None] = [None] * len(asked)
        more = [{**self._wanted, "seed": self._seed + repeat} for _, _, repeat in asked]
        requests = [(model, one) for model, one, _ in asked]
        for place, data in self._replies(requests, more, at_a_time=at_a_time):
            with suppress(EngineError):  # such as by another model, which no run measures either
                self._reader().check_name(asked[place][0], data)
                found[place] = generated_value(first_choice(data))
        return found

    def tells_values(self, model: str) -> bool:
        """Return whether the server tells log-probabilities of texts; asked of it once.

        Args:
            model: One of its models.
        """
        if self._tells_values is None:
            asked = [(model, generation(text, tokens=VALUE_TOKENS), 0) for text in FIXED[:_TRIED]]
            self._tells_values = any(one is not None for one in self.generated_values(asked))
        return self._tells_values

    def fixed_values(self, model: str) -> tuple[tuple[float, ...], ...]:
        """Return the log-probabilities of a model's answers to fixed prompts, two of each.

        They are asked for together and one by one, as a server's noise depends on what else it
        answers.

        Returns:
            By prompt; empty where one of the two is missing.
        """
        rounds: list[list[float | None]] = []
        for repeat, at_a_time in enumerate((None, 1)):
            asked = [(model, generation(text, tokens=VALUE_TOKENS), repeat) for text in FIXED]
            rounds.append(self.generated_values(asked, at_a_time=at_a_time))
            if not any(one is not None for one in rounds[0]):
                return ()
        return tuple(
            (one, two) if one is not None and two is not None else ()
            for one, two in zip(*rounds, strict=True)
        )

    def told(self, model: str, requests: Sequence[Instance], repeat: int) -> list[Told | None]:
        """Return what a model answers when it is asked again what it was asked in a run.

        Texts are asked for with their log-probabilities, and with another seed where the run asked
        for these too; where they are not told, and for log-likelihoods, with another seed alone.

        Args:
            model: The model.
            requests: What it was asked.
            repeat: Which repeat it is, from 1; its seed depends on that.
        """
        found: list[Told | None] = [None] * len(requests)
        texts = [at for at, one in enumerate(requests) if one.request_type == "generate_until"]
        sampled = [at for at in texts if self._writer.generation(requests[at]).sampled]
        again = {"seed": self._seed + repeat} if self._tells_values else {}
        first = [at for at in texts if at not in sampled and not self._is_silent]
        self._tell(model, requests, first, {**self._wanted, **again}, found)
        self._tell(model, requests, sampled, self._wanted, found)
        untold = [at for at in texts if (one := found[at]) is None or one.value is None]
        greedy = [at for at in untold if at not in sampled]
        self._tell(model, requests, greedy, {"seed": self._seed + repeat}, found)
        self._is_silent = untold == texts and any(found[at] is not None for at in greedy)
        others = [at for at in range(len(requests)) if at not in texts]
        values = self.prompt_values([(model, requests[at], repeat) for at in others])
        for at, value in zip(others, values, strict=True):
            found[at] = None if value is None else Told(value)
        return found

    def unscored(self, model: str, requests: Sequence[Instance], _repeat: int) -> list[Told | None]:
        """Return the texts of a model that is asked for no log-probabilities.

        Args:
            model: The model.
            requests: What it was asked in a run.
        """
        found: list[Told | None] = [None] * len(requests)
        texts = [at for at, one in enumerate(requests) if one.request_type == "generate_until"]
        self._tell(model, requests, texts, {}, found)
        return found

    def _tell(
        self,
        model: str,
        requests: Sequence[Instance],
        places: Sequence[int],
        more: Mapping[str, Any],
        found: list[Told | None],
    ) -> None:
        """Ask a model for texts, and note what comes.

        Args:
            model: The model.
            requests: What it was asked.
            places: Which of these it is asked again.
            more: Further fields of each.
            found: Where the answers go; those that do not come leave it as it is.
        """
        asked = [(model, requests[at]) for at in places]
        for place, data in self._replies(asked, [more] * len(asked)):
            request = requests[places[place]]
            with suppress(EngineError):
                [post] = self._writer.posts(self._served[model], request)
                text = self._reader().read(model, request, post, data)
                if isinstance(text, str):
                    found[places[place]] = Told(text, generated_value(first_choice(data)))

    @property
    def _wanted(self) -> Mapping[str, Any]:
        return wanted(chat=self._chat)

    def written(self, model: str, requests: Sequence[Instance]) -> list[Written | None]:
        """Return what a model writes, with its length."""
        found: list[Written | None] = [None] * len(requests)
        for place, data in self._replies([(model, one) for one in requests]):
            found[place] = self._reader().written(self._writer.generation(requests[place]), data)
        return found

    def prompt_counts(self, model: str, requests: Sequence[Instance]) -> list[int | None]:
        """Return how many tokens the server counts of each prompt."""
        found: list[int | None] = [None] * len(requests)
        for place, data in self._replies([(model, one) for one in requests]):
            found[place] = prompt_tokens(data)
        return found

    def cached_counts(self, model: str, prompts: Sequence[str]) -> list[int]:
        """Ask a model prompts, and return how much of each the server says that it had."""
        served = self._served[model]
        try:
            posts = [self._writer.posts(served, generation(text, tokens=1)) for text in prompts]
        except EngineError:
            return [0] * len(prompts)  # they do not fit into the context
        found = dict(self._client.post_all([post.body for [post] in posts]))
        return [cached_tokens(found[place]) for place in range(len(prompts))]

    def _outcomes(self, asked: Sequence[Named]) -> list[Outcome | None]:
        found: list[Outcome | None] = [None] * len(asked)
        seeds = [self._seed + repeat for _, _, repeat in asked]
        requests = [(model, one) for model, one, _ in asked]
        for place, outcome in self._ask(requests, seeds=seeds):
            found[place] = outcome
        return found

    def _replies(
        self,
        requests: Sequence[tuple[str, Instance]],
        more: Sequence[Mapping[str, Any]] = (),
        *,
        at_a_time: int | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Yield the responses, as data, to those requests that are answered.

        Args:
            requests: What is asked.
            more: Further fields of each.
            at_a_time: Most requests under way, where fewer than the options allow.
        """
        asked: list[tuple[int, Posted]] = []
        for place, (model, request) in enumerate(requests):
            with suppress(EngineError):  # too long for the context that the server tells
                asked.append((place, self._writer.posts(self._served[model], request)[0]))
        bodies = [{**post.body, **(more[place] if more else {})} for place, post in asked]
        for place, data in self._client.post_all(bodies, at_a_time=at_a_time):
            if not isinstance(data, EngineError):
                yield asked[place][0], data
