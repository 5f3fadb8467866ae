"""The vLLM engine: one load for the base and all its adapters, mixed in one batch."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import Any
from zlib import crc32

import lm_eval
import psutil
from lm_eval.api.instance import Instance

from evalguard.engines.adapter_files import AdapterFiles, read_adapter
from evalguard.engines.base import (
    BASE,
    PROBE_TEXTS,
    AdapterCheck,
    Engine,
    EngineSettings,
    Outcome,
    check_loaded,
    checked,
)
from evalguard.engines.fit import origin_notes
from evalguard.engines.modules import bare_model, check_modules
from evalguard.engines.vllm_library import (
    ON_CPU,
    VERSION,
    ChildLog,
    EngineDeadError,
    LoRARequest,
    SamplingParams,
    vllm_environment,
)
from evalguard.engines.vllm_model import BatchingVLLM
from evalguard.engines.vllm_queue import Prompt, Queue
from evalguard.engines.vllm_scoring import Likelihood, OpenScorings, Scoring, ScoringPrompt
from evalguard.engines.vllm_start import constructor_arguments, read_plan
from evalguard.engines.vllm_support import check_lora, module_names
from evalguard.engines.windows import Tokens
from evalguard.errors import EngineError, ModelError, TrustError
from evalguard.quiet import quiet

_FAILURES = (RuntimeError, ValueError, TypeError, AssertionError, OSError, EngineDeadError)
"""What vLLM raises when a model cannot be loaded or a call fails."""


class VLLMEngine(Engine):
    """A base model in vLLM that answers for itself and for its LoRA adapters.

    Scores equal those of ``lm_eval --model vllm``: requests are encoded, and texts cut, by
    lm-eval's own class. Adapters are named in the settings, since vLLM must know their rank and
    modules when it starts; LoRA is then on for the base too, so that both arms run on one build.
    """

    name = "vllm"

    def __init__(self, settings: EngineSettings) -> None:
        """Load the base.

        Raises:
            ModelError: If the base cannot be loaded, or vLLM cannot serve an adapter.
        """
        self.version = f"vllm {VERSION}, lm-eval {lm_eval.__version__}"
        self._settings = settings
        self._adapters: dict[str, LoRARequest] = {}
        self._ids = count(1)
        self._plan = read_plan(settings)
        arguments = constructor_arguments(settings, self._plan)
        self._log = ChildLog()
        self._start(arguments)

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return (BASE, *self._adapters)

    @property
    def max_length(self) -> int:
        """Context in tokens."""
        return int(self._lm.max_length)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Load an adapter and prove that it takes effect, and on its own requests alone.

        Raises:
            ModelError: If its files are unsafe, corrupt or of another model, or the engine was
                not started for it.
            TrustError: If it leaves the log-probabilities unchanged, or reaches the base.
        """
        adapter = read_adapter(Path(path))
        if name in self.models:
            raise ModelError(
                f"{path}: a model named '{name}' is already loaded; choose another name."
            )
        check_lora(adapter, on_cpu=ON_CPU)
        self._check_plan(adapter)
        with quiet():
            check_modules(adapter, bare_model(self._settings))
        # vLLM keeps adapters by id and cached prefixes by name, so neither is ever used again.
        number = next(self._ids)
        self._adapters[name] = LoRARequest(f"{name}#{number}", number, str(Path(path).resolve()))
        try:
            self._lm.model.llm_engine.add_lora(self._adapters[name])
            effect = self._check_effect(name, path)
            return AdapterCheck(effect, origin_notes(adapter, self._settings.model))
        except TrustError:
            self._remove(name)
            raise
        except _FAILURES as error:
            self._remove(name)
            raise ModelError(f"{path}: vLLM cannot load it: {self._reason(error)}") from error

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests of all models and types together; yield each answer as it comes.

        Raises:
            EngineError: If vLLM failed, or a model is not loaded.
        """
        check_loaded((model for model, _ in requests), self.models)
        queue = Queue(self._lm.model, self._adapters)
        try:
            yield from self._answers(queue, requests)
        except _FAILURES as error:
            raise EngineError(f"vllm engine: {self._reason(error)}") from error
        finally:
            with suppress(*_FAILURES):  # of an engine that is dead
                queue.drop()

    def close(self) -> None:
        """End vLLM's processes, which hold the memory."""
        self._lm.model.llm_engine.engine_core.shutdown()
        with quiet():
            del self._lm
            gc.collect()
        self._end()

    def _start(self, arguments: Mapping[str, Any]) -> None:
        """Start vLLM and ask it something; when that fails, leave nothing of it behind."""
        reason = None
        before = set(_children())
        with quiet(), vllm_environment(), self._log.catching():
            try:
                self._lm = BatchingVLLM(**arguments)
                self._base_probe = self._probe([BASE])[0]
            except _FAILURES as error:
                reason = self._reason(error)
            self._processes = [child for child in _children() if child not in before]
            if reason:
                # The half-built engine lived as long as the error did.
                self.__dict__.pop("_lm", None)
                gc.collect()
        if reason:
            self._end()
            raise ModelError(f"{self._settings.model}: vLLM cannot run it: {reason}")

    def _end(self) -> None:
        # The engine's process is killed after 5 seconds, and may leave its workers behind.
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(self._processes, timeout=20)
        self._log.close()

    def _answers(
        self, queue: Queue, requests: Sequence[tuple[str, Instance]]
    ) -> Iterator[tuple[int, Outcome]]:
        wanted: dict[int, list[Scoring]] = {}
        generations: dict[Prompt, tuple[int, list[str]]] = {}
        with quiet():
            pairs = self._pairs(requests)
        for position, (model, instance) in enumerate(requests):
            try:
                if instance.request_type == "generate_until":
                    tokens, params, until = self._lm.encode_generation(instance)
                    generations[Prompt(model, tokens, params)] = position, until
                else:
                    wanted[position] = [self._scoring(model, *pair) for pair in pairs[position]]
            except EngineError as error:
                yield position, error
            else:
                if position in wanted and not wanted[position]:
                    yield position, 0.0  # an empty text
        _seed(list(generations))
        scorings = OpenScorings(wanted)

        def scored(likelihoods: Mapping[Scoring, Likelihood]) -> Iterator[tuple[int, Outcome]]:
            for position, found in scorings.found(likelihoods):
                rolling = requests[position][1].request_type == "loglikelihood_rolling"
                value = sum(likelihood for likelihood, _ in found) if rolling else found[0]
                yield position, checked(value, self.name)

        # The longest answers begin first, and choices fill the room that shorter ones leave.
        longest = sorted(generations, key=lambda prompt: -(prompt.params.max_tokens or 0))
        queue.add([*longest, *scorings.prompts()])
        yield from scored(scorings.empty())
        for prompt, output in queue.outputs():
            if isinstance(prompt, ScoringPrompt):
                likelihoods, further = prompt.read(output)
                queue.add(further)
                yield from scored(likelihoods)
            else:
                position, until = generations.pop(prompt)
                yield position, self._lm.read_generation(output, until)

    def _pairs(
        self, requests: Sequence[tuple[str, Instance]]
    ) -> dict[int, list[tuple[Tokens, Tokens]]]:
        """Return context and continuation of each choice and each window, by position."""
        choices = {
            position: instance
            for position, (_, instance) in enumerate(requests)
            if instance.request_type in ("loglikelihood", "multiple_choice")
        }
        encoded = self._lm.encode_choices(list(choices.values()))
        pairs = {position: [pair] for position, pair in zip(choices, encoded, strict=True)}
        for position, (_, instance) in enumerate(requests):
            if instance.request_type == "loglikelihood_rolling":
                pairs[position] = self._lm.encode_windows(instance.args[0])
        return pairs

    def _scoring(self, model: str, context: Tokens, continuation: Tokens) -> Scoring:
        if continuation and not context:
            raise EngineError("a choice follows an empty prompt, so nothing predicts it")
        # A choice of one token is generated, longer ones are part of the prompt; one token
        # follows the prompt in any case.
        length = len(context) + max(len(continuation), 1) + (len(continuation) > 1)
        if length > self.max_length:
            raise EngineError(
                f"prompt and choice take {length} tokens, more than the context of "
                f"{self.max_length}"
            )
        return Scoring(model, context, continuation)

    def _check_plan(self, adapter: AdapterFiles) -> None:
        """Check that the engine was started for it; vLLM leaves out what it does not expect."""
        plan = self._plan
        if plan is None or len(self._adapters) >= plan.adapters:
            raise ModelError(
                f"{adapter.path}: the engine was started for {plan.adapters if plan else 0} "
                f"adapters. List it in the engine's settings before the engine starts."
            )
        if adapter.rank > plan.max_rank:
            raise ModelError(
                f"{adapter.path}: has rank {adapter.rank}, but the engine was started with "
                f"max_lora_rank {plan.max_rank}. Raise it in 'engine: options:', or leave it out."
            )
        if others := sorted(module_names(adapter) - set(plan.modules)):
            raise ModelError(
                f"{adapter.path}: changes {', '.join(others)}, but the engine was started for "
                f"{', '.join(plan.modules)}. List it in the engine's settings before it starts."
            )

    def _check_effect(self, name: str, path: str) -> float:
        """Compare log-probabilities on the probe texts, of base and adapter in one batch."""
        base, adapted = self._probe([BASE, name])
        effect = _mean_change(base, adapted)
        noise = _mean_change(base, self._base_probe)
        if not _mean_change(self._base_probe, adapted) > 0:
            raise TrustError(
                f"{path}: the adapter changes nothing: its log-probabilities equal the base's, "
                "so every score would be the baseline's. Check that training updated it."
            )
        if not effect > noise:
            raise TrustError(
                f"{path}: the base answers differently when the adapter is loaded, by "
                f"{noise:.2g} where the adapter differs from it by {effect:.2g}. This engine "
                "cannot keep its requests apart from the base's: use 'engine: {name: hf}'."
            )
        return effect

    def _probe(self, models: Sequence[str]) -> list[list[float]]:
        """Return the log-probability of every token of the probe texts, for each model."""
        texts = [tuple(self._lm.tok_encode(text)) for text in PROBE_TEXTS]
        params = SamplingParams(
            temperature=0,
            max_tokens=1,
            prompt_logprobs=0,
            detokenize=False,
            skip_reading_prefix_cache=True,
        )
        prompts = [Prompt(model, tokens, params) for model in models for tokens in texts]
        queue = Queue(self._lm.model, self._adapters)
        queue.add(prompts)
        found = dict(queue.outputs())
        rows = [
            [
                row[token].logprob
                for token, row in zip(tokens[1:], output.prompt_logprobs[1:], strict=True)
            ]
            for tokens, output in ((prompt.tokens, found[prompt]) for prompt in prompts)
        ]
        size = len(texts)
        return [list(chain(*rows[i * size : (i + 1) * size])) for i in range(len(models))]

    def _remove(self, name: str) -> None:
        """Free an adapter's slot."""
        request = self._adapters.pop(name)
        self._lm.model.llm_engine.remove_lora(request.lora_int_id)

    def _reason(self, error: BaseException) -> str:
        """Return what went wrong; when a process of vLLM died, what it wrote before."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        vague = isinstance(error, EngineDeadError) or "root cause" in str(error)
        if vague and (cause := self._log.cause()):
            return cause
        if len(lines) > 1 and "validation error" in lines[0]:
            return lines[1]  # pydantic counts the errors before it names them
        return lines[0] if lines else type(error).__name__


def _children() -> list[psutil.Process]:
    """Return this process's children and theirs, but for Python's own resource tracker."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "resource_tracker" not in " ".join(child.cmdline())
    ]


def _seed(prompts: Sequence[Prompt]) -> None:
    """Give sampled answers seeds of their own, so that other requests do not change them.

    Equal prompts get different ones, and every model the same.
    """
    seen: Counter[tuple[str, Tokens]] = Counter()
    for prompt in prompts:
        if prompt.params.temperature > 0 and prompt.params.seed is None:
            repeat = seen[prompt.model, prompt.tokens]
            seen[prompt.model, prompt.tokens] += 1
            prompt.params.seed = crc32(repr((prompt.tokens, repeat)).encode())


def _mean_change(before: Sequence[float], after: Sequence[float]) -> float:
    changes = [abs(b - a) for a, b in zip(before, after, strict=True)]
    return sum(changes) / len(changes)
