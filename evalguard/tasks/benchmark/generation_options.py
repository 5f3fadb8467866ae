"""The options of a task's ``generation_kwargs`` that some engine knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evalguard.errors import did_you_mean
from evalguard.tasks.base import Prepared

_LIMITS = ("max_completion_tokens", "max_gen_toks", "max_new_tokens", "max_tokens")

COMMON = frozenset({
    *_LIMITS, "do_sample", "seed", "temperature", "top_k", "top_p", "until",
})  # fmt: skip
"""Those that every engine takes."""

_TRANSFORMERS = frozenset({
    "assistant_confidence_threshold", "bad_words_ids", "begin_suppress_tokens", "bos_token_id",
    "cache_implementation", "constraints", "decoder_start_token_id", "disable_compile",
    "diversity_penalty", "dola_layers", "early_stopping", "encoder_no_repeat_ngram_size",
    "encoder_repetition_penalty", "eos_token_id", "epsilon_cutoff", "eta_cutoff",
    "exponential_decay_length_penalty", "force_words_ids", "forced_bos_token_id",
    "forced_eos_token_id", "guidance_scale", "length_penalty", "low_memory", "max_length",
    "max_time", "min_length", "min_new_tokens", "min_p", "no_repeat_ngram_size",
    "num_assistant_tokens", "num_beam_groups", "num_beams", "num_return_sequences",
    "pad_token_id", "penalty_alpha", "prompt_lookup_num_tokens", "remove_invalid_values",
    "renormalize_logits", "repetition_penalty", "sequence_bias", "stop_strings",
    "suppress_tokens", "token_healing", "top_h", "typical_p", "use_cache", "watermarking_config",
})  # fmt: skip
"""Of transformers' ``GenerationConfig``."""

_VLLM = frozenset({
    "allowed_token_ids", "bad_words", "detokenize", "extra_args", "frequency_penalty",
    "ignore_eos", "include_stop_str_in_output", "logit_bias", "logprobs", "min_tokens", "n",
    "presence_penalty", "prompt_logprobs", "skip_special_tokens",
    "spaces_between_special_tokens", "stop", "stop_token_ids", "structured_outputs",
    "thinking_token_budget", "truncate_prompt_tokens",
})  # fmt: skip
"""Of vLLM's ``SamplingParams``."""

_SERVERS = frozenset({
    "best_of", "chat_template_kwargs", "enable_thinking", "grammar", "guided_choice",
    "guided_grammar", "guided_json", "guided_regex", "json_schema", "metadata", "mirostat",
    "num_ctx", "reasoning", "reasoning_effort", "repeat_penalty", "response_format",
    "service_tier", "store", "thinking", "tool_choice", "tools", "top_logprobs", "user",
    "verbosity",
})  # fmt: skip
"""Of requests to OpenAI, vLLM, SGLang, llama.cpp and Ollama."""

KNOWN = COMMON | _TRANSFORMERS | _VLLM | _SERVERS


def unknown_options(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each option that no engine knows, with what was meant.

    A server ignores such a field without a word, and generates with its default. What only one
    server knows goes in ``extra_body`` of the engine.

    Example:
        >>> list(unknown_options({"max_gen_tok": 8}))
        [('max_gen_tok', "unknown option. Did you mean 'max_gen_toks'?")]
    """
    for name in options:
        if name not in KNOWN:
            yield str(name), f"unknown option. {did_you_mean(str(name), KNOWN)}"


def wrong_values(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each option whose value is none that it can take.

    Example:
        >>> list(wrong_values({"max_gen_toks": "many", "temperature": "0.5"}))
        [('max_gen_toks', "must be a whole number from 1, found 'many'")]
    """
    for name, value in options.items():
        if value is None:
            continue
        if name in _LIMITS and not _reads(value, int, least=1):
            yield name, f"must be a whole number from 1, found {value!r:.40}"
        elif name in ("temperature", "top_p") and not _reads(value, float, least=0):
            yield name, f"must be a number from 0, found {value!r:.40}"
        elif name == "do_sample" and not isinstance(value, bool):
            yield name, f"must be true or false, found {value!r:.40}"


def _reads(value: Any, kind: Callable[[Any], float], *, least: float) -> bool:
    """Return whether a value is such a number, or the text of one, as lm-eval reads it."""
    try:
        return not isinstance(value, bool) and kind(value) >= least
    except (TypeError, ValueError, OverflowError):
        return False


def request_problems(sample: Prepared) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a sample's options, which code or a group may have set."""
    for instance in sample.instances:
        if isinstance(settings := instance.arguments[-1], dict):
            for name, problem in (*unknown_options(settings), *wrong_values(settings)):
                yield f"generation_kwargs.{name}", problem
