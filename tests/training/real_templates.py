"""Tokenizers with the chat templates of well-known models, as TRL ships them."""

from pathlib import Path

import trl
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tests.training.conftest import make_tokenizer

ENDS = {
    "qwen2_5": "<|im_end|>",
    "qwen3": "<|im_end|>",
    "qwen3_training": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "llama3_1": "<|eot_id|>",
    "gemma": "<end_of_turn>",
    "phi3": "<|end|>",
    "deepseekv3": "<｜end▁of▁sentence｜>",
    "gptoss": "<|return|>",
    "glm4moe": "<|endoftext|>",
}
STARTS = {"llama3": "<|begin_of_text|>", "llama3_1": "<|begin_of_text|>", "gemma": "<bos>"}


def real(name: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer with a model's template and the tokens that begin and end its texts."""
    source = Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja"
    tokenizer = make_tokenizer(source.read_text(encoding="utf-8"))
    tokenizer.add_special_tokens({"eos_token": ENDS[name]})
    if name in STARTS:
        adds_bos(tokenizer, STARTS[name])
    return tokenizer


def adds_bos(tokenizer: PreTrainedTokenizerFast, bos: str) -> None:
    """Make a tokenizer put a BOS before every text, as Llama's and Gemma's do."""
    tokenizer.add_special_tokens({"bos_token": bos})
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokenizer.bos_token_id)]
    )
