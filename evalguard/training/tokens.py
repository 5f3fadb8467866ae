"""From examples to token ids and labels: one place decides which tokens carry the loss.

Every SFT format passes through here, so that "loss on the answer only" holds for each of them, and
formats may be mixed in one run. A label of −100 carries no loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from evalguard.errors import DataError, ModelError
from evalguard.training.formats import Example
from evalguard.training.formats.example import said
from evalguard.training.rendering import Answer, ChatRenderer
from evalguard.training.rows import RowProblem
from evalguard.training.template_traits import last_token

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
    the template. A template without such marks, whose marks leave out the token that ends an
    answer (the model would never learn to stop), or that writes an answer otherwise once another
    follows (without its reasoning) gives one sequence for each answer instead: what follows the
    prompt as it is rendered for generation. Answers of weight 0 carry no loss, plain texts carry it
    on every token.

    Args:
        examples: Conversations or texts.
        tokenizer: The base's tokenizer.
        max_length: Tokens kept of each sequence.

    Returns:
        Sequences with at least one token that carries loss.

    Raises:
        DataError: If no sequence has an answer within ``max_length`` tokens; or naming the first
            row that the template refuses, or of which it leaves something out.
        ModelError: If the base has no chat template and the examples need one.
    """
    renderer = ChatRenderer(tokenizer) if tokenizer.chat_template else None
    marked = _marks_answers(tokenizer)
    sequences: list[Encoded] = []
    owners: list[int] = []
    for row, example in enumerate(examples):
        if example.kind == "text":
            sequences.append(_encode_text(example.text, tokenizer))
        elif renderer is None:
            sequences.append(_encode_plain(example, tokenizer))
        else:
            sequences.extend(_encode_chat(example, renderer, tokenizer, marked=marked))
        owners += [row] * (len(sequences) - len(owners))
    kept = _fitting(sequences, owners, max_length)
    if not kept:
        raise DataError(
            f"{examples[0].file if examples else 'data'}: no example has an answer within "
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


def count_tokens(examples: Sequence[Example], tokenizer: Any) -> tuple[list[int], list[RowProblem]]:
    """Return how many tokens each example has as a whole, and the rows that cannot be rendered.

    Args:
        examples: Examples of any kind; of two answers the longer counts.
        tokenizer: The base's tokenizer.

    Returns:
        A number for each example (0 where it cannot be rendered), and the reasons.

    Raises:
        ModelError: If the gate would send other tokens for a prompt than are trained.
    """
    renderer = ChatRenderer(tokenizer) if tokenizer.chat_template else None
    lengths: list[int] = []
    problems: list[RowProblem] = []
    for example in examples:
        try:
            lengths.append(_count(example, tokenizer, renderer))
        except DataError as error:
            lengths.append(0)
            reason = str(error).removeprefix(f"{example.where}: ")
            problems.append(RowProblem(example.where, reason))
    return lengths, problems


def _count(example: Example, tokenizer: Any, renderer: ChatRenderer | None) -> int:
    if example.kind == "text":
        return len(_encode_text(example.text, tokenizer).input_ids)
    if renderer is None:
        answers = [answer for answer in (example.chosen, example.rejected) if answer] or [()]
        texts = ["".join(map(said, (*example.messages, *answer))) for answer in answers]
        return max(len(_with_end(tokenizer(text)["input_ids"], tokenizer)) for text in texts)
    if example.kind == "conversation":
        wholes = [answer.whole for _, answer in renderer.answers(example)]
        wholes.append(renderer.whole(example.where, example.messages, example.tools))
    else:
        answers = [answer for answer in (example.chosen, example.rejected) if answer]
        wholes = [
            renderer.answer(example.where, (*example.messages, *answer), example.tools).whole
            for answer in answers
        ]
    return max(len(renderer.ids(whole)) for whole in dict.fromkeys(wholes))


def _encode_text(text: str, tokenizer: Any) -> Encoded:
    ids = _once(_with_end(tokenizer(text)["input_ids"], tokenizer), tokenizer)
    return Encoded(ids, list(ids))


def _encode_plain(example: Example, tokenizer: Any) -> Encoded:
    """Encode prompt and completion as they stand, for a base without a chat template."""
    plain = all(message.keys() == {"role", "content"} for message in example.messages)
    if (
        example.format != "prompt_completion"
        or len(example.messages) != 2
        or not plain
        or example.tools
    ):
        where = example.where if example.format == "prompt_completion" else example.file
        raise ModelError(
            f"{where}: the base has no chat template, which format '{example.format}' "
            "needs. Use an instruction-tuned base, or prompt–completion or text data."
        )
    prompt, completion = (message["content"] for message in example.messages)
    prompt_ids = _once(tokenizer(prompt)["input_ids"], tokenizer)
    whole = _with_end(tokenizer(prompt + completion)["input_ids"], tokenizer)
    ids = _once(whole, tokenizer)
    return _loss_after(_shared_length(prompt_ids, ids), ids)


def _encode_chat(
    example: Example, renderer: ChatRenderer, tokenizer: Any, *, marked: bool
) -> list[Encoded]:
    answers = dict(renderer.answers(example))
    together = _encode_marked(example, answers, renderer, tokenizer) if marked else None
    if together is not None:
        return [together]
    return [_encode_answer(answer, renderer, tokenizer) for answer in answers.values()]


def _encode_marked(
    example: Example, answers: dict[int, Answer], renderer: ChatRenderer, tokenizer: Any
) -> Encoded | None:
    """Return a conversation as one sequence; ``None`` where its marks cannot be trusted.

    They cannot where the whole does not hold each answer as it is written alone, or does not mark
    each of them up to the token that ends it.
    """
    last = answers.get(len(example.messages) - 1)
    whole = last.whole if last else renderer.whole(example.where, example.messages, example.tools)
    if not all(whole.startswith(answer.whole) for answer in answers.values()):
        return None
    ids, mask = renderer.masked(example)
    spans = _spans(mask)
    places = [i for i, m in enumerate(example.messages) if m["role"] == "assistant"]
    if len(spans) != len(places) or not all(
        last_token(ids[start:stop], tokenizer) in renderer.ends for start, stop in spans
    ):
        return None
    labels = [IGNORED] * len(ids)
    for place, (start, stop) in zip(places, spans, strict=True):
        if place in answers:
            labels[start:stop] = ids[start:stop]
    before = renderer.added_before(whole)
    return Encoded([*before, *ids], [*([IGNORED] * len(before)), *labels])


def _encode_answer(answer: Answer, renderer: ChatRenderer, tokenizer: Any) -> Encoded:
    prompt, whole = renderer.ids(answer.prompt), renderer.ids(answer.whole)
    if last_token(whole[len(prompt) :], tokenizer) not in renderer.ends:
        whole = _with_end(whole, tokenizer)  # a template may leave the end to what follows
    return _loss_after(_shared_length(prompt, whole), whole)


def _spans(mask: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of marked tokens.

    Example:
        >>> _spans([0, 1, 1, 0, 1])
        [(1, 3), (4, 5)]
    """
    edges = [i for i, (a, b) in enumerate(pairwise([0, *mask, 0])) if bool(a) != bool(b)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _once(ids: list[int], tokenizer: Any) -> list[int]:
    """Return tokens with one BOS and one end, where a text brings its own."""
    begin, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    start, stop = 0, len(ids)
    while begin is not None and ids[start : start + 2] == [begin, begin]:
        start += 1
    while end is not None and ids[max(start, stop - 2) : stop] == [end, end]:
        stop -= 1
    return ids[start:stop]


def _with_end(ids: list[int], tokenizer: Any) -> list[int]:
    end = tokenizer.eos_token_id
    return ids if end is None or last_token(ids, tokenizer) == end else [*ids, end]


def _shared_length(prompt: Sequence[int], whole: Sequence[int]) -> int:
    """Return how many tokens both begin with; a token may span the border of prompt and answer."""
    pairs = zip(prompt, whole, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(prompt), len(whole)))


def _loss_after(start: int, ids: list[int]) -> Encoded:
    return Encoded(ids, [IGNORED] * start + ids[start:])
