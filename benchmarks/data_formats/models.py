"""Writes the bases: the embedded model with chat templates in the shapes of well-known families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"

CONTEXT = 4096
"""Positions of the bases whose templates spell long headers."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models that a base is made to look like.

    Attributes:
        end: Token that ends an answer.
        eos: The tokenizer's end-of-sequence token.
        bos: The tokenizer's begin-of-sequence token, which it puts before a plain text.
        tokens: Further special tokens.
        template: Whether it has a chat template of its own here.
    """

    end: str
    eos: str
    bos: str = ""
    tokens: tuple[str, ...] = ()
    template: bool = True


FAMILIES: Mapping[str, Family] = {
    "embedded": Family(end="<|end|>", eos="<|end|>", template=False),
    "untemplated": Family(end="<|end|>", eos="<|end|>", template=False),
    "chatml": Family(end="<|im_end|>", eos="<|im_end|>", tokens=("<|im_start|>", "<|endoftext|>")),
    "llama": Family(
        end="<|eot_id|>",
        eos="<|eot_id|>",
        bos="<|begin_of_text|>",
        tokens=("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"),
    ),
    "gemma": Family(end="<end_of_turn>", eos="<eos>", bos="<bos>", tokens=("<start_of_turn>",)),
    "mistral": Family(
        end="</s>",
        eos="</s>",
        bos="<s>",
        tokens=(
            "[INST]",
            "[/INST]",
            "[TOOL_CALLS]",
            "[AVAILABLE_TOOLS]",
            "[/AVAILABLE_TOOLS]",
            "[TOOL_RESULTS]",
            "[/TOOL_RESULTS]",
        ),
    ),
}
"""``embedded`` is the embedded model as it is; ``untemplated`` the same without its template."""


def base_folder(name: str, folder: Path) -> Path:
    """Return the folder of a base, written below ``folder`` unless it is there already."""
    from evalguard.demo import model_path

    if name == "embedded":
        return model_path()
    target = folder / name
    if not target.is_dir():
        _write(FAMILIES[name], name, target)
    return target


def _write(family: Family, name: str, target: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from evalguard.demo import model_path
    from evalguard.quiet import quiet

    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(model_path())
        model = AutoModelForCausalLM.from_pretrained(model_path())
        _set_tokens(tokenizer, family)
        text = (TEMPLATES / f"{name}.jinja").read_text("utf-8") if family.template else None
        tokenizer.chat_template = text
        tokenizer.model_max_length = CONTEXT
        model.config.max_position_embeddings = CONTEXT
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        for config in (model.config, model.generation_config):
            config.eos_token_id = tokenizer.eos_token_id
            config.bos_token_id = tokenizer.bos_token_id
        model.generation_config.eos_token_id = list(
            {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(family.end)}
        )
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)


def _set_tokens(tokenizer: Any, family: Family) -> None:
    tokens = dict.fromkeys([family.bos, family.eos, family.end, *family.tokens])
    tokenizer.add_special_tokens({"extra_special_tokens": [token for token in tokens if token]})
    tokenizer.eos_token = family.eos
    if family.bos:
        from tokenizers.processors import Sequence, TemplateProcessing

        tokenizer.bos_token = family.bos
        begins = TemplateProcessing(
            single=f"{family.bos} $A",
            pair=f"{family.bos} $A {family.bos} $B",
            special_tokens=[(family.bos, tokenizer.convert_tokens_to_ids(family.bos))],
        )
        before = tokenizer.backend_tokenizer.post_processor
        tokenizer.backend_tokenizer.post_processor = Sequence(
            [*([before] if before else []), begins]
        )
