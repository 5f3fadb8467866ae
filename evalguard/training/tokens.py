"""From examples to token ids and labels: one place decides which tokens carry the loss.

Every SFT format passes through here, so that "loss on the answer only" holds for each of them, and
formats may be mixed in one run. A label of −100 carries no loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalguard.errors import DataError, ModelError
from evalguard.training.formats import Example, Message

IGNORED = -100
"""Label of a token without loss (torch's ``ignore_index``)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one training sequence and the label of each.

    Attributes:
        input_ids: Its tokens.
        labels: The label of each; −100 carries no loss.
        row: Place of its example among those that were encoded.
        whole: Whether nothing of that example was cut or dropped.
    """

    input_ids: list[int]
    labels: list[int]
    row: int = 0
    whole: bool = True


def encode(examples: Sequence[Example], tokenizer: Any, *, max_length: int) -> list[Encoded]:
    """Tokenise examples with the model's own chat template.

    Conversations are rendered once, and the answers are found by the ``{% generation %}`` marks of
    the template. A template without such marks, or whose marks leave out the token that ends an
    answer (the model would never learn to stop), gives one sequence for each answer instead: what
    follows the prompt as it is rendered for generation. Plain texts carry loss on every token.

    Args:
        examples: Conversations or texts.
        tokenizer: The base's tokenizer.
        max_length: Tokens kept of each sequence.

    Returns:
        Sequences with at least one token that carries loss.

    Raises:
        DataError: If no sequence has an answer within ``max_length`` tokens.
        ModelError: If the base has no chat template and the examples need one.
    """
    marked = _marks_answers(tokenizer)
    sequences: list[Encoded] = []
    owners: list[int] = []
    for row, example in enumerate(examples):
        if example.kind == "text":
            sequences.append(_encode_text(example.text, tokenizer))
        elif not tokenizer.chat_template:
            sequences.append(_encode_plain(example, tokenizer))
        elif marked:
            sequences.append(_encode_marked(example.messages, tokenizer))
        else:
            sequences.extend(_encode_answers(example.messages, tokenizer))
        owners += [row] * (len(sequences) - len(owners))
    kept = _fitting(sequences, owners, max_length)
    if not kept:
        raise DataError(
            f"{examples[0].where if examples else 'data'}: no example has an answer within "
            f"training.max_length = {max_length} tokens; raise it"
        )
    return kept


def _fitting(sequences: Sequence[Encoded], owners: Sequence[int], max_length: int) -> list[Encoded]:
    """Cut sequences to a length and leave out those in which no token carries loss any more.

    The first token is predicted from nothing, so its label never carries loss.
    """
    cut = [Encoded(s.input_ids[:max_length], s.labels[:max_length]) for s in sequences]
    learned = [_has_loss(one) for one in cut]
    lost = {
        owner
        for owner, before, after, kept in zip(owners, sequences, cut, learned, strict=True)
        if _has_loss(before) and not (kept and len(after.input_ids) == len(before.input_ids))
    }
    return [
        replace(one, row=owner, whole=owner not in lost)
        for owner, one, kept in zip(owners, cut, learned, strict=True)
        if kept
    ]


def _has_loss(sequence: Encoded) -> bool:
    return any(label != IGNORED for label in sequence.labels[1:])


def _marks_answers(tokenizer: Any) -> bool:
    from trl.chat_template_utils import has_generation_markers, is_chat_template_stop_token_trained

    template = tokenizer.chat_template
    return bool(
        template
        and has_generation_markers(template)
        and is_chat_template_stop_token_trained(tokenizer)
    )


def _encode_text(text: str, tokenizer: Any) -> Encoded:
    ids = _with_end(tokenizer(text)["input_ids"], tokenizer)
    return Encoded(ids, list(ids))


def _encode_plain(example: Example, tokenizer: Any) -> Encoded:
    """Encode prompt and completion as they stand, for a base without a chat template."""
    if example.format != "prompt_completion" or len(example.messages) != 2:
        raise ModelError(
            f"{example.where}: the base has no chat template, which format '{example.format}' "
            "needs. Use an instruction-tuned base, or prompt–completion or text data."
        )
    prompt, completion = (message["content"] for message in example.messages)
    prompt_ids = tokenizer(prompt)["input_ids"]
    ids = _with_end(tokenizer(prompt + completion)["input_ids"], tokenizer)
    return _loss_after(_shared_length(prompt_ids, ids), ids)


def _encode_marked(messages: Sequence[Message], tokenizer: Any) -> Encoded:
    rendered = tokenizer.apply_chat_template(
        list(messages), tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    ids = list(rendered["input_ids"])
    mask = rendered["assistant_masks"]
    return Encoded(ids, [i if m else IGNORED for i, m in zip(ids, mask, strict=True)])


def _encode_answers(messages: Sequence[Message], tokenizer: Any) -> list[Encoded]:
    sequences = []
    for turn, message in enumerate(messages):
        if message["role"] == "assistant":
            prompt = _render(messages[:turn], tokenizer, for_generation=True)
            whole = _render(messages[: turn + 1], tokenizer, for_generation=False)
            sequences.append(_loss_after(_shared_length(prompt, whole), whole))
    return sequences


def _render(messages: Sequence[Message], tokenizer: Any, *, for_generation: bool) -> list[int]:
    rendered = tokenizer.apply_chat_template(
        list(messages), tokenize=True, return_dict=True, add_generation_prompt=for_generation
    )
    return list(rendered["input_ids"])


def _with_end(ids: list[int], tokenizer: Any) -> list[int]:
    end = tokenizer.eos_token_id
    return ids if end is None or ids[-1:] == [end] else [*ids, end]


def _shared_length(prompt: Sequence[int], whole: Sequence[int]) -> int:
    """Return how many tokens both begin with; a token may span the border of prompt and answer."""
    pairs = zip(prompt, whole, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(prompt), len(whole)))


def _loss_after(start: int, ids: list[int]) -> Encoded:
    return Encoded(ids, [IGNORED] * start + ids[start:])
