"""An engine that answers by a script: for tests, and for trying a project without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from evalguard.engines.base import BASE, AdapterCheck, Engine, Outcome, check_loaded, checked
from evalguard.errors import EngineError, ModelError, TrustError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Answer: TypeAlias = Callable[[str], "str | EngineError"]
"""From a prompt to the text that a model writes, or to why it has none."""

Likelihood: TypeAlias = Callable[[str, str], "float | EngineError"]
"""From a prompt and its continuation to the log-likelihood in nats."""


class FakeEngine(Engine):
    """Answers with one function per model; the same question always gets the same answer.

    Args:
        answers: What each model writes; :data:`~evalguard.engines.base.BASE` is the baseline.
            Candidates that are not named answer like the baseline.
        likelihoods: Log-likelihood of a continuation, by model; by default the closer to what the
            model would write, the higher.
        max_length: Context in tokens.
        fails_after: Number of answers after which the engine fails; never if ``None``.

    Example:
        >>> engine = FakeEngine({BASE: lambda prompt: "Paris"})
        >>> engine.answer(BASE, "The capital of France is")
        'Paris'
    """

    name = "fake"
    version = "fake"

    def __init__(
        self,
        answers: Mapping[str, Answer],
        *,
        likelihoods: Mapping[str, Likelihood] | None = None,
        adapters: Mapping[str, AdapterCheck | ModelError | TrustError] | None = None,
        max_length: int = 4096,
        fails_after: int | None = None,
    ) -> None:
        if BASE not in answers:
            raise ValueError(f"answers: name the baseline's, under {BASE!r}")
        self._answers = dict(answers)
        self._likelihoods = dict(likelihoods or {})
        self._adapters = dict(adapters or {})
        self._max_length = max_length
        self._left = fails_after
        self._loaded = [BASE]
        self.asked: list[tuple[str, Instance]] = []
        """Every request so far, with the model that it went to."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return tuple(self._loaded)

    @property
    def max_length(self) -> int:
        """Context in tokens."""
        return self._max_length

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Answer for an adapter from now on, unless the script says that it cannot be used."""
        found = self._adapters.get(name, AdapterCheck(effect=1.0))
        if not isinstance(found, AdapterCheck):
            raise found
        self._loaded.append(name)
        return found

    def answer(self, model: str, prompt: str) -> str | EngineError:
        """Return what a model writes."""
        return self._answers.get(model, self._answers[BASE])(prompt)

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests in their order."""
        check_loaded((model for model, _ in requests), self._loaded)
        for position, (model, instance) in enumerate(requests):
            if self._left is not None:
                if self._left == 0:
                    raise EngineError("the fake engine broke, as its script says")
                self._left -= 1
            self.asked.append((model, instance))
            yield position, checked(self._outcome(model, instance), self.name)

    def close(self) -> None:
        """Do nothing."""

    def _outcome(self, model: str, instance: Instance) -> Outcome:
        prompt = str(instance.arguments[0])
        if instance.request_type == "generate_until":
            return self.answer(model, prompt)
        if instance.request_type == "loglikelihood_rolling":
            return self._likelihood(model, "", prompt)
        found = self._likelihood(model, prompt, str(instance.arguments[1]))
        return found if isinstance(found, EngineError) else (found, found == 0.0)

    def _likelihood(self, model: str, prompt: str, text: str) -> float | EngineError:
        if given := self._likelihoods.get(model, self._likelihoods.get(BASE)):
            return given(prompt, text)
        wanted = self.answer(model, prompt)
        if isinstance(wanted, EngineError):
            return wanted
        return 0.0 if text.strip() == wanted.strip() else -float(1 + len(text))
