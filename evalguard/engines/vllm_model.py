"""lm-eval's vLLM model, reduced to what turns requests into tokens and outputs into answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.models.utils import postprocess_generated_text

from evalguard.engines.vllm_library import VLLM, RequestOutput, SamplingParams
from evalguard.engines.windows import Tokens, windows
from evalguard.errors import EngineError

_REMEMBERED_TEXTS = 8192


class BatchingVLLM(VLLM):
    """lm-eval's own encoding, stop strings and parsing, apart from its own way of batching."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # Each choice of an item, and each model, encodes the same context again.
        self._encode = lru_cache(maxsize=_REMEMBERED_TEXTS)(self._encode_text)

    def tok_encode(
        self, string: Any, add_special_tokens: bool | None = None, **options: Any
    ) -> Any:
        """Encode as lm-eval does, each text once."""
        if isinstance(string, str) and not options:
            return list(self._encode(string, add_special_tokens))
        return super().tok_encode(string, add_special_tokens, **options)

    def _encode_text(self, text: str, add_special_tokens: bool | None) -> Tokens:
        return tuple(super().tok_encode(text, add_special_tokens))

    def encode_choices(self, instances: Sequence[Instance]) -> list[tuple[Tokens, Tokens]]:
        """Return context and continuation of every request, in tokens."""
        pairs: list[tuple[Tokens, Tokens]] = self.loglikelihood(list(instances), disable_tqdm=True)
        return pairs

    def _loglikelihood_tokens(self, requests: Any, disable_tqdm: bool = False) -> Any:
        # lm-eval's loglikelihood() encodes and then calls this to run; here it only encodes.
        return [(tuple(context), tuple(continuation)) for _, context, continuation in requests]

    def encode_windows(self, text: str) -> list[tuple[Tokens, Tokens]]:
        """Return the windows in which a text of any length is scored, as lm-eval cuts it."""
        return windows(
            self.tok_encode(text), prefix=self.prefix_token_id, max_length=self.max_length - 2
        )

    def encode_generation(self, instance: Instance) -> tuple[Tokens, SamplingParams, list[str]]:
        """Return the prompt, how to sample, and the strings at which the text is cut.

        Raises:
            EngineError: If prompt and answer do not fit into the context; lm-eval would cut them.
        """
        context, settings = instance.args
        eos = self.tokenizer.decode(self.eot_token_id) or self.tokenizer.eos_token
        options, until, new_tokens = self.modify_gen_kwargs(
            settings, eos=eos, default_max_gen_toks=self.max_gen_toks
        )
        tokens = tuple(self.tok_encode(context))
        if len(tokens) + new_tokens > self.max_length:
            raise EngineError(
                f"the prompt has {len(tokens)} tokens and the answer up to {new_tokens}, more "
                f"than the context of {self.max_length}"
            )
        return tokens, SamplingParams(max_tokens=new_tokens, stop=until, **options), until

    def read_generation(self, output: RequestOutput, until: list[str]) -> str:
        """Return the text of a generation, cut as lm-eval cuts it."""
        text = output.outputs[0].text
        return str(postprocess_generated_text(text, until, think_end_token=None))
