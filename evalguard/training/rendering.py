"""Renders examples with the base's own chat template, as the gate renders its prompts.

A template that refuses a row, that leaves out something the row says, or that writes the prompt of
an answer otherwise than for generation, is an error: the model would be trained on something else
than the rows say, or gated on something else than it was trained on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jinja2 import TemplateSyntaxError

from evalguard.engines.chat import PromptTokenizer
from evalguard.errors import DataError, ModelError
from evalguard.training.formats import Example, Message
from evalguard.training.formats.example import said
from evalguard.training.formats.layout import REASONING
from evalguard.training.template_traits import (
    RAISED,
    arguments_are_text,
    end_tokens,
    reasoning_key,
    takes_calls,
    turn_tokens,
)

_MARK = " evalguard"
"""Added to a text, to see whether the template writes it."""

_CORRECT = "Correct the template, or choose another base"

Tools = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as the model learns it.

    Attributes:
        prompt: What comes before, as rendered for generation.
        whole: Prompt and answer.
    """

    prompt: str
    whole: str


@dataclass(frozen=True, slots=True)
class _Probe:
    """The same messages with one thing changed, which the rendering has to show."""

    trait: tuple[Any, ...]
    messages: tuple[Message, ...]
    tools: Tools
    complaint: str


class ChatRenderer:
    """Renders messages with one tokenizer's chat template; what is proven once is remembered.

    Attributes:
        ends: Tokens that end an answer.
    """

    def __init__(self, tokenizer: Any) -> None:
        """Take a tokenizer with a chat template."""
        self._tokenizer = tokenizer
        self._gate = PromptTokenizer.of(tokenizer)
        self._proven: set[tuple[Any, ...]] = set()
        self._text_arguments = arguments_are_text(tokenizer)
        self._reasoning_key = reasoning_key(tokenizer)
        self._before = added_before(tokenizer)
        self._turn_tokens = turn_tokens(tokenizer)
        self.ends = end_tokens(tokenizer)

    def answers(self, example: Example) -> Iterator[tuple[int, Answer]]:
        """Yield the answers that carry loss, each with its place in the example's messages.

        Raises:
            DataError: If the template refuses one, leaves something of it out, or writes its
                prompt otherwise than for generation.
        """
        for place, message in enumerate(example.messages):
            if message["role"] == "assistant" and place not in example.untrained:
                messages = example.messages[: place + 1]
                yield place, self.answer(example.where, messages, example.tools)

    def answer(self, where: str, messages: Sequence[Message], tools: Tools) -> Answer:
        """Return the last message of a conversation as an answer.

        Args:
            where: File and line, for messages.
            messages: The conversation, an answer of the assistant last.
            tools: Functions that it may call.

        Raises:
            DataError: As for :meth:`answers`.
        """
        self._check_texts(where, messages, tools)
        whole = self.whole(where, messages, tools)
        prompt = self._rendered(where, messages[:-1], tools, for_generation=True)
        if not whole.startswith(prompt):
            opened = self._opened(messages[:-1], tools, prompt)
            raise DataError(_difference(where, opened, prompt, whole))
        self._prove(where, tuple(messages), tools, whole)
        self._check_gate(where, messages[:-1], tools, prompt)
        return Answer(prompt, whole)

    def whole(self, where: str, messages: Sequence[Message], tools: Tools) -> str:
        """Return a conversation as text.

        Raises:
            DataError: If the template refuses it.
        """
        return self._rendered(where, messages, tools, for_generation=False)

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a rendered text, with the beginning that the gate's prompts have."""
        found: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return [*self.added_before(text), *found]

    def added_before(self, text: str) -> list[int]:
        """Return the tokens that go before a text: a BOS that the template does not write."""
        bos = self._tokenizer.bos_token
        return [] if bos and text.startswith(bos) else self._before

    def masked(self, example: Example) -> tuple[list[int], list[int]]:
        """Return a conversation's tokens, and for each whether the template marks it an answer."""
        rendered = self._tokenizer.apply_chat_template(
            self.for_template(example.messages),
            tools=_listed(example.tools),
            tokenize=True,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        return list(rendered["input_ids"]), list(rendered["assistant_masks"])

    def for_template(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Return messages with the keys and the form of arguments that the template reads."""
        return [self._for_template(message) for message in messages]

    def _for_template(self, message: Message) -> dict[str, Any]:
        given = dict(message)
        if "reasoning_content" in given:
            given[self._reasoning_key] = given.pop("reasoning_content")
        if self._text_arguments and "tool_calls" in given:
            given["tool_calls"] = [
                call
                | {
                    "function": call["function"]
                    | {"arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False)}
                }
                for call in given["tool_calls"]
            ]
        return given

    def _render(self, messages: Sequence[Message], tools: Tools, *, for_generation: bool) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                self.for_template(messages),
                tools=_listed(tools),
                tokenize=False,
                add_generation_prompt=for_generation,
            )
        )

    def _rendered(
        self, where: str, messages: Sequence[Message], tools: Tools, *, for_generation: bool
    ) -> str:
        try:
            return self._render(messages, tools, for_generation=for_generation)
        except RAISED as error:
            broken = isinstance(error, TemplateSyntaxError)
            fix = _CORRECT if broken else self._fix(messages, tools)
            raise DataError(
                f"{where}: the base's chat template refuses the row: {_words(error)}. {fix}"
            ) from error

    def _check_texts(self, where: str, messages: Sequence[Message], tools: Tools) -> None:
        """Refuse a text that holds a token which begins or ends turns: it would do so."""
        texts = [(f"messages[{place}]", said(message)) for place, message in enumerate(messages)]
        texts += [("the row's 'tools'", json.dumps(_listed(tools), ensure_ascii=False))]
        for named, text in texts:
            for token in self._turn_tokens:
                if token in text:
                    raise DataError(
                        f"{where}: {named} holds '{token}', which would become a special token "
                        "of the chat template. Remove it from the row"
                    )

    def _fix(self, messages: Sequence[Message], tools: Tools) -> str:
        """Return what to do about a row that the template refuses, from what it takes instead."""
        roles = [message["role"] for message in messages]
        if "system" in roles:
            others = [message for message in messages if message["role"] != "system"]
            if self._renders(others, tools):
                return (
                    "It supports no system message: move its text to the first user message, or "
                    "choose another base"
                )
        if "tool" in roles or any("tool_calls" in message for message in messages):
            change = (
                "Change the calls or results as it says"
                if takes_calls(self._tokenizer)
                else "Choose a base whose template supports tools"
            )
            return f"{change}, or write calls and results as text"
        if roles[:1] == ["assistant"]:
            return "Let the user begin, or choose another base"
        return "Change the row, or choose a base whose template accepts it"

    def _renders(self, messages: Sequence[Message], tools: Tools) -> bool:
        try:
            self._render(messages, tools, for_generation=False)
        except RAISED:
            return False
        return True

    def _opened(self, messages: Sequence[Message], tools: Tools, prompt: str) -> str:
        """Return what a template writes for generation behind the messages, such as a header."""
        try:
            before = self._render(messages, tools, for_generation=False)
        except RAISED:
            return ""
        return prompt[len(before) :] if prompt.startswith(before) else ""

    def _prove(
        self, where: str, messages: tuple[Message, ...], tools: Tools, rendered: str
    ) -> None:
        """Check that the rendering changes with everything that the row says.

        What a template does with a part depends on its neighbours and not on its words, so each
        surrounding is proven once.
        """
        complaints: list[str] = []
        for probe in _probes(messages, tools):
            if probe.trait in self._proven:
                continue
            try:
                same = self._render(probe.messages, probe.tools, for_generation=False) == rendered
            except RAISED:
                same = False
            if same:
                complaints.append(probe.complaint)
            else:
                self._proven.add(probe.trait)
        if complaints:
            told = "; it ".join(dict.fromkeys(complaints))
            raise DataError(f"{where}: the base's chat template {told}")

    def _check_gate(
        self, where: str, messages: Sequence[Message], tools: Tools, prompt: str
    ) -> None:
        """Check that the gate would send the same tokens for the same messages."""
        trait = ("gate", *(message["role"] for message in messages[:2]))
        if tools or trait in self._proven or any(m.keys() > {"role", "content"} for m in messages):
            return
        gated = self._gate.render([dict(message) for message in messages])
        sent = self._gate.prompt_ids(gated)
        if sent != self.ids(prompt):
            raise ModelError(
                f"{where}: the prompt is trained as {self.ids(prompt)[:8]}… and gated as "
                f"{sent[:8]}… (tokens). Fix the tokenizer: special tokens belong in its chat "
                "template, and the tokenizer adds others at the end of every text"
            )
        self._proven.add(trait)


def _probes(messages: tuple[Message, ...], tools: Tools) -> Iterable[_Probe]:
    """Yield one change for each thing that the messages and tools say."""
    roles = [message["role"] for message in messages]
    if tools:
        advice = _ignore("tools")
        yield _Probe(("tools", roles[0]), messages, (), f"ignores the row's 'tools'. {advice}")
    for place, message in enumerate(messages):
        calls = message.get("tool_calls")
        last = place == len(messages) - 1
        around = (*roles[max(0, place - 1) : place + 2], place == 0, bool(calls), last)
        named = f"messages[{place}] ({roles[place]})"

        changed = partial(_changed, messages, place)
        if message["content"].strip():
            beside = " next to its tool_calls" if calls else ""
            yield _Probe(
                ("content", *around),
                changed(content=message["content"] + _MARK),
                tools,
                f"leaves out the text of {named}{beside}. Choose a base whose template renders "
                "it, or remove it from the row",
            )
        if calls:
            for trait, called in _other_calls(calls):
                yield _Probe(
                    (trait, *around),
                    changed(tool_calls=called),
                    tools,
                    f"ignores '{trait}' of {named}. {_ignore('tool_calls')}",
                )
        if last and "reasoning_content" in message:
            yield _Probe(
                ("reasoning", *around),
                changed(reasoning_content=None),
                tools,
                f"ignores the reasoning of {named}. {_ignore(', '.join(REASONING))}",
            )
        if "name" in message and not _answers_call(messages, place):
            yield _Probe(
                ("name", *around),
                changed(name=None),
                tools,
                f"ignores 'name' of {named}. {_ignore('name')}",
            )


def _changed(messages: tuple[Message, ...], place: int, **keys: Any) -> tuple[Message, ...]:
    """Return messages of which one has other keys, and not those that are ``None``."""
    changed = {**messages[place], **keys}
    one = {key: value for key, value in changed.items() if value is not None}
    return (*messages[:place], one, *messages[place + 1 :])


def _other_calls(calls: Sequence[Any]) -> Iterable[tuple[str, list[Any]]]:
    """Yield the same calls with another name, and with another argument."""
    first, *others = calls
    function = first["function"]
    renamed = function | {"name": function["name"] + "_evalguard"}
    argued = function | {"arguments": function["arguments"] | {"evalguard": 1}}
    yield "tool_calls", [first | {"function": renamed}, *others]
    yield "arguments", [first | {"function": argued}, *others]


def _answers_call(messages: Sequence[Message], place: int) -> bool:
    """Return whether a message is the result of a call that names the function already."""
    if messages[place]["role"] != "tool":
        return False
    before = next((m for m in reversed(messages[:place]) if m["role"] != "tool"), {})
    return "tool_calls" in before


def _ignore(key: str) -> str:
    return (
        "Choose a base whose template renders it, or ignore it under its name in the file: "
        f"data: {{ignore: [{key}]}}"
    )


def _difference(where: str, opened: str, prompt: str, whole: str) -> str:
    pairs = zip(prompt, whole, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(prompt), len(whole)))
    written = opened if at >= len(prompt) - len(opened) else prompt[at : at + 30]
    return (
        f"{where}: the base's chat template writes {written!r} in the prompt for generation, which "
        "the gate sends, and something else before the answer, which would be trained. If the "
        "template expects reasoning, give the answers 'reasoning_content'; else choose another "
        "template"
    )


def _words(error: Exception) -> str:
    words = str(error).strip().splitlines()
    return (words[0] if words else type(error).__name__).rstrip(".!")


def _listed(tools: Tools) -> list[dict[str, Any]] | None:
    return [dict(tool) for tool in tools] or None


def added_before(tokenizer: Any) -> list[int]:
    """Return the tokens that the tokenizer puts before every text, such as a BOS."""
    bare = tokenizer("x", add_special_tokens=False)["input_ids"]
    full = tokenizer("x")["input_ids"]
    ends = (i for i in range(len(full)) if full[i : i + len(bare)] == bare)
    return list(full[: next(ends, 0)])
