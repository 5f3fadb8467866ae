"""What every engine offers, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from evalguard.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from lm_eval.api.instance import Instance

Response: TypeAlias = str | tuple[float, bool] | float
"""Text of a generation, (log-likelihood, is greedy) of a choice, or a rolling log-likelihood."""

Outcome: TypeAlias = Response | EngineError
"""The answer to a request, or why the engine has none to this one."""

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float32]]"

BASE = "(base)"
"""Name under which an engine serves the model without any adapter."""

PROBE_TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "Question: What is the capital of France? Answer:",
    '{"name": "Ada", "age": 36}',
)
"""What an adapter is shown when its effect is measured."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an engine waits for.

    Attributes:
        where: What it waits for, such as a server's URL.
        reason: The reason, in the server's words.
        seconds: Time waited so far.
        left: Seconds until it gives up.
    """

    where: str
    reason: str
    seconds: float
    left: float


OnWait = Callable[[Waiting | None], None]
"""Called about once a second while an engine waits, and with ``None`` when it waits no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How an engine loads a base model.

    Attributes:
        model: Folder or hub name of the base.
        revision: Commit of a hub model.
        tokenizer: Folder or hub name, when it is not the base's own.
        dtype: ``auto``, ``float32``, ``bfloat16`` or ``float16``.
        quantization: ``none``, ``nf4`` or ``int8``.
        device: ``cpu``, ``cuda``, …; ``None`` uses CUDA if available.
        batch_size: Requests in one forward pass (hf).
        max_length: Context in tokens; the model's own when ``None``.
        trust_remote_code: Whether code from the model's folder may run.
        options: Further arguments of the engine's constructor.
        adapters: Name and folder of every adapter that will be loaded; engines that must know
            their ranks and modules when they start read them here.
        on_wait: Called while the engine waits for a server.
    """

    model: str
    revision: str | None = None
    tokenizer: str | None = None
    dtype: str = "auto"
    quantization: str = "none"
    device: str | None = None
    batch_size: int = 64
    max_length: int | None = None
    trust_remote_code: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    adapters: tuple[tuple[str, str], ...] = ()
    on_wait: OnWait | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class AdapterCheck:
    """What was measured when an adapter was loaded.

    Attributes:
        effect: Mean absolute change on the probe texts, of the logits (hf) or of the texts'
            log-probabilities, token by token; never 0.
        notes: Remarks that are not errors.
    """

    effect: float
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    """One loaded base model that answers for itself and for its adapters.

    Attributes:
        name: Name of the engine, such as ``hf``.
        version: Version of its library.
    """

    name: str
    version: str

    @property
    def models(self) -> tuple[str, ...]:
        """Names of its models: :data:`BASE` and every adapter's."""

    @property
    def max_length(self) -> int:
        """Context in tokens."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about how it answered; shown after the run."""
        return ()

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Load an adapter and verify that it has an effect.

        Raises:
            ModelError: If its files are unsafe, corrupt or of another model.
            TrustError: If it leaves the logits unchanged.
        """

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests, each for a named model, and yield each answer as it comes.

        A request that cannot be answered does not stop those after it. If the engine itself fails,
        requests not yielded yet are unanswered.

        Args:
            requests: Pairs of model name and lm-eval instance.

        Yields:
            Position of each request, once and in any order, and its outcome.

        Raises:
            EngineError: If the engine failed, or a model is not loaded.
        """

    def respond(self, requests: Sequence[tuple[str, Instance]]) -> list[Response]:
        """Answer requests, each for a named model, in their order.

        Raises:
            EngineError: If the engine failed, or has no answer to one of them.
        """
        responses: dict[int, Response] = {}
        for position, outcome in self.stream(requests):
            if isinstance(outcome, EngineError):
                raise outcome
            responses[position] = outcome
        if len(responses) != len(requests):
            raise EngineError(f"{self.name} engine: {len(responses)} answers to {len(requests)}")
        return [responses[position] for position in range(len(requests))]

    def close(self) -> None:
        """Free the memory."""


@runtime_checkable
class GivesDistributions(Protocol):
    """An engine that can also return a model's full next-token distribution."""

    def log_probabilities(self, model: str, prompt: str, text: str) -> Floats:
        """Return log-probabilities along a text after a prompt, and for what follows it.

        Args:
            model: Name of the model.
            prompt: What the model is given; not empty.
            text: The text along which it is asked; may be empty.

        Returns:
            float32 ``[tokens of the text + 1, vocabulary]``.

        Raises:
            EngineError: If the engine failed.
        """


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why answers may be another model's, or incomplete.

    Attributes:
        text: The reason, with what to do.
        is_of_identity: Whether answers that differ from the base's beyond its noise settle it.
        varied: Answers of the base that were others when it was asked again.
        repeated: All that it was asked again; 0 settles nothing.
        level: Level at which answers may settle it.
    """

    text: str
    is_of_identity: bool = False
    varied: int = 0
    repeated: int = 0
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a model whose weights cannot be seen answers fixed prompts.

    Attributes:
        answers: Hash of its answers.
        values: Of each prompt, the log-probabilities of an answer, one for each time that it was
            asked; empty where the server does not tell them.
    """

    answers: str
    values: tuple[tuple[float, ...], ...] = ()


@runtime_checkable
class ServesByName(Protocol):
    """An engine whose models are names on a server, distinguished by their answers."""

    def behaviour(self) -> Behaviour:
        """Return how the base answers fixed prompts, which stands for its weights.

        Raises:
            TrustError: If the server refuses most of them, so that the model cannot be identified.
            EngineError: If it no longer answers.
        """

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why answers to requests like this one may be another model's, or incomplete.

        Asked of what has been yielded so far, which is stored where there is no doubt; a later one
        removes it.

        Args:
            model: The model.
            request: One of its requests.
        """

    def check_differs(self, name: str, base: Any, where: str) -> float:
        """Verify that a model here is not the base of a project.

        Args:
            name: The model.
            base: The engine of the base, of the same kind.
            where: What the model is, for messages.

        Returns:
            How far its answers differ from the base's, beyond the server's noise.

        Raises:
            TrustError: If they are not.
            EngineError: If the server answers too few requests.
        """


def generation(prompt: str, *, tokens: int, until: Sequence[str] = ()) -> Instance:
    """Return a request for at most ``tokens`` tokens, decoded greedily."""
    from lm_eval.api.instance import Instance

    settings = {"until": list(until), "max_gen_toks": tokens, "do_sample": False}
    return Instance(request_type="generate_until", doc={}, arguments=(prompt, settings), idx=0)


def choice(prompt: str, continuation: str) -> Instance:
    """Return a request for the log-likelihood of a continuation."""
    from lm_eval.api.instance import Instance

    return Instance(request_type="loglikelihood", doc={}, arguments=(prompt, continuation), idx=0)


def check_loaded(models: Iterable[str], loaded: Sequence[str]) -> None:
    """Check that an engine serves the models that it is asked for.

    Raises:
        EngineError: If it does not serve one.
    """
    for model in models:
        if model not in loaded:
            raise EngineError(f"model '{model}' is not loaded; loaded: {', '.join(loaded)}")


def checked(response: Outcome, engine: str) -> Outcome:
    """Return the response, or an error if its log-likelihood is NaN.

    A damaged adapter or an overflow gives NaN.
    """
    if isinstance(response, EngineError):
        return response
    value = response[0] if isinstance(response, tuple) else response
    if not isinstance(value, float) or not isnan(value):
        return response
    return EngineError(
        f"{engine} engine: a log-likelihood is NaN. Check the model's weights, or compute in "
        f"'dtype: bfloat16' or 'float32', which do not overflow."
    )
