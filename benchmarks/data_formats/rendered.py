"""Renders what was meant: token ids and which of them carry loss, without EvalGuard.

A row is one or more *lessons*: the tokens that the model sees, and those that it learns to write
next. A conversation with three answers is three lessons, whether they are trained in one sequence
or in three; each of them is rendered as the model meets it when it is asked (the messages before
it, rendered for generation), so thinking that a template drops later is there when it is learnt.
The last token that carries loss is the one that ends the turn; the line break that some templates
put after it does not count, with or without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.data_formats.meant import Labelled, Message, Pair, Plain, Row, Talk, Text
from benchmarks.data_formats.models import Family

Ids = tuple[int, ...]
Lesson = tuple[Ids, Ids]
"""Tokens that are seen, and tokens that carry loss."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders rows for one base.

    Attributes:
        tokenizer: The base's.
        family: What ends an answer of it.
    """

    tokenizer: Any
    family: Family

    def lessons(self, row: Row) -> tuple[Any, ...]:
        """Return the lessons of a row, as :mod:`trained` returns those that were trained on.

        A preference is one ``(prompt, chosen, rejected)``, a labelled answer one
        ``(prompt, answer, label)``.
        """
        match row:
            case Talk():
                return tuple(self._of_talk(row))
            case Text():
                ids = self._ids(row.text, begins=True)
                return ((ids[:1], _ended(ids, self.tokenizer.eos_token_id)[1:]),)
            case Plain():
                return (self._of_plain(row),)
            case Pair():
                first, chosen = self._turn(row.prompt, row.chosen, row.tools)
                second, rejected = self._turn(row.prompt, row.rejected, row.tools)
                border = min(len(first), len(second))  # a token may reach over it in one of them
                assert first[:border] == second[:border]
                return ((first[:border], first[border:] + chosen, second[border:] + rejected),)
            case Labelled():
                prompt, answer = self._turn(row.prompt, row.answer)
                return ((prompt, answer, row.good),)

    def trimmed(self, ids: Sequence[int]) -> Ids:
        """Return the tokens without white space behind the last token that ends a turn."""
        end = self.tokenizer.convert_tokens_to_ids(self.family.end)
        last = max((i for i, token in enumerate(ids) if token == end), default=len(ids) - 1)
        tail = self.tokenizer.decode(ids[last + 1 :])
        return tuple(ids if tail.strip() else ids[: last + 1])

    def _of_talk(self, row: Talk) -> Iterator[Lesson]:
        messages = [turn.message for turn in row.turns]
        for index, turn in enumerate(row.turns):
            if turn.loss:
                yield self._turn(messages[:index], turn.message, row.tools, **row.settings)

    def _turn(
        self, before: Sequence[Message], answer: Message, tools: Any = (), **settings: Any
    ) -> Lesson:
        """Return the lesson of one answer, found in the text by its characters."""
        if not self.tokenizer.chat_template:
            prompt = "".join(message["content"] for message in before)
            return self._of_plain(Plain(prompt, answer["content"]))
        options = {"tools": list(tools) or None, "tokenize": False, **settings}
        messages = [dict(message) for message in before]
        prompt = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, **options)
        whole = self.tokenizer.apply_chat_template([*messages, dict(answer)], **options)
        assert whole.startswith(prompt), "the answer does not follow what is rendered before it"
        end = whole.index(self.family.end, len(prompt)) + len(self.family.end)
        assert not whole[end:].strip(), "the answer is more than one turn"
        return self._split(whole[:end], len(prompt))

    def _of_plain(self, row: Plain) -> Lesson:
        seen, learnt = self._split(row.prompt + row.completion, len(row.prompt), begins=True)
        return seen, _ended(learnt, self.tokenizer.eos_token_id)

    def _split(self, text: str, start: int, *, begins: bool = False) -> Lesson:
        """Split the tokens of a text at a character; a token over the border is learnt."""
        found = self.tokenizer(text, add_special_tokens=begins, return_offsets_mapping=True)
        ids, places = found["input_ids"], found["offset_mapping"]
        border = next((i for i, (_, end) in enumerate(places) if end > start), len(ids))
        return tuple(ids[:border]), tuple(ids[border:])

    def _ids(self, text: str, *, begins: bool) -> Ids:
        ids = tuple(self.tokenizer(text, add_special_tokens=begins)["input_ids"])
        bos = self.tokenizer.bos_token_id
        doubled = bos is not None and ids[:2] == (bos, bos)
        return ids[1:] if doubled else ids


def _ended(ids: Ids, end: int) -> Ids:
    return ids if ids[-1:] == (end,) else (*ids, end)
