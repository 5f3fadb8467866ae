"""Keeps vLLM full: everything that is asked waits in its queue, and each answer comes when done.

Calls one after the other would leave the engine nearly empty while the longest answers of each
call are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalguard.engines.vllm_library import (
    LLM,
    LoRARequest,
    RequestOutput,
    SamplingParams,
    TokensPrompt,
)
from evalguard.engines.windows import Tokens
from evalguard.errors import EngineError
from evalguard.quiet import quiet


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """One prompt, and how its output is read.

    Attributes:
        model: Which model answers it.
        tokens: The prompt.
        params: How vLLM is to answer.
    """

    model: str
    tokens: Tokens
    params: SamplingParams


class Queue:
    """Prompts that vLLM works on; an engine has one queue at a time.

    Args:
        llm: The engine.
        adapters: Adapters by model; other models are the base.
    """

    def __init__(self, llm: LLM, adapters: Mapping[str, LoRARequest]) -> None:
        self._llm = llm
        self._adapters = adapters
        self._open: dict[str, tuple[Prompt, str]] = {}

    def add(self, prompts: Sequence[Prompt]) -> None:
        """Have prompts answered, in this order as far as there is room."""
        if not prompts:
            return
        with quiet():
            ids = self._llm.enqueue(
                [TokensPrompt(prompt_token_ids=list(prompt.tokens)) for prompt in prompts],
                [prompt.params for prompt in prompts],
                lora_request=[self._adapters.get(prompt.model) for prompt in prompts],
                use_tqdm=False,
            )
        # vLLM makes an id unique by a suffix, and answers under the id without it.
        for id_, prompt in zip(ids, prompts, strict=True):
            self._open[id_.partition("-")[0]] = prompt, id_

    def outputs(self) -> Iterator[tuple[Prompt, RequestOutput]]:
        """Yield each prompt with its output as soon as it is finished.

        Raises:
            EngineError: If vLLM leaves a prompt without an output.
        """
        engine = self._llm.llm_engine
        while self._open:
            if not engine.has_unfinished_requests():
                raise EngineError(f"vLLM left {len(self._open)} prompts without an answer")
            with quiet():
                outputs = engine.step()
            for output in outputs:
                if output.finished and output.request_id in self._open:
                    prompt, _ = self._open.pop(output.request_id)
                    yield prompt, output

    def drop(self) -> None:
        """Give up what is not finished."""
        if self._open:
            ids = [id_ for _, id_ in self._open.values()]
            self._llm.llm_engine.abort_request(ids, internal=True)
            self._open.clear()
