"""The tokenizer's side of a model: chat template and token counts, without loading weights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from evalguard.engines.light_imports import light_imports
from evalguard.errors import ModelError, TrustError
from evalguard.hub import check_hub, loading_tokenizer

_PROBE_CHAT = [
    {"role": "user", "content": "Is 12 greater than 7?"},
    {"role": "assistant", "content": "Yes: 12 > 7."},
    {"role": "user", "content": "Add {x} to “3”, please.\n"},
]
_QUESTION, _REASONING, _ANSWER = "Is 12 greater than 7?", "12 − 7 is 5.", "Yes, it is."
_ASKED = [{"role": "user", "content": _QUESTION}]
_CHATS = (
    _PROBE_CHAT,
    _ASKED,
    [{"role": "system", "content": "Be brief."}, *_ASKED],
    _PROBE_CHAT * 4,
)
"""Chats that two templates must render alike."""
_GENERATION = re.compile(r"{%-?\s*(end)?generation\s*-?%}")
"""What trainers add to a template, to find the assistant's tokens in it; it renders nothing."""
PROMPTS_VERSION = 2
"""Incremented when more is compared, as comparisons are remembered."""
_REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
_BROKEN = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What rendering a template raises besides errors of jinja."""
_REMEMBERED = 65_536
"""Texts whose number of tokens is remembered; base and adapters are asked the same ones."""

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model")


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder holds a tokenizer, as adapter folders may."""
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


def lone_template(folder: Path) -> str | None:
    """Return the chat template of a folder that holds one without a tokenizer."""
    file = folder / "chat_template.jinja"
    if has_tokenizer(folder) or not file.is_file():
        return None
    return file.read_text(encoding="utf-8")


MESSAGES = "<|messages|>"
"""Begins a prompt that is a chat of several messages, which the server renders."""


def as_messages(messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
    """Return a chat as a prompt for a server that applies the template itself.

    A chat of one message of the user is its text.

    Example:
        >>> as_messages([{"role": "user", "content": "Hi"}])
        'Hi'
        >>> read_messages(as_messages([{"role": "system", "content": "Be brief."}]))
        [{'role': 'system', 'content': 'Be brief.'}]
    """
    del add_generation_prompt  # a server continues the last message, or does not
    if len(messages) == 1 and messages[0]["role"] == "user":
        return messages[0]["content"]
    return MESSAGES + json.dumps(messages, ensure_ascii=False)


def read_messages(prompt: str) -> list[dict[str, str]]:
    """Return the chat that a prompt stands for."""
    if prompt.startswith(MESSAGES):
        found: list[dict[str, str]] = json.loads(prompt.removeprefix(MESSAGES))
        return found
    return [{"role": "user", "content": prompt}]


class UnknownTokenizer:
    """Stands for the tokenizer of a model that only a server knows."""

    has_chat_template = False
    chat_template = ""

    def prompt_end(self) -> str:
        """Return nothing: the server renders the prompt."""
        return ""

    def around_reasoning(self) -> None:
        """Return nothing: the template is not known."""

    def render(self, messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """Return a chat as the server takes it."""
        return as_messages(messages, add_generation_prompt)

    def count(self, text: str) -> int:
        """Return about how many tokens a text has: one for each four bytes."""
        return (len(text.encode()) + 3) // 4

    def check_same(self, other: AnyTokenizer, where: str) -> None:
        """Pass: the server renders the prompts of both arms."""

    def check_template(self, template: str, where: str) -> None:
        """Pass: the server renders the prompts of both arms."""


class PromptTokenizer:
    """Renders chats and counts tokens as the model's own tokenizer does."""

    count: Callable[[str], int]
    """Number of tokens of a text, special tokens included; every model is asked the same."""

    def __init__(
        self, model: str, *, revision: str | None = None, trust_remote_code: bool = False
    ) -> None:
        """Load a tokenizer from a folder or the hub.

        Raises:
            ModelError: If there is none.
        """
        with light_imports():
            from transformers import AutoTokenizer

        if not Path(model).is_dir():
            check_hub()
        with loading_tokenizer(
            model,
            "no model or tokenizer can be loaded from it",
            "Give a local folder, or a hub name that this machine can reach.",
        ):
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                model, revision=revision or "main", trust_remote_code=trust_remote_code
            )
        self.count = self._counter()

    @classmethod
    def of(cls, tokenizer: Any) -> PromptTokenizer:
        """Return the same for a tokenizer that is loaded already."""
        made = cls.__new__(cls)
        made._tokenizer = tokenizer
        made.count = made._counter()
        return made

    def _counter(self) -> Callable[[str], int]:
        return lru_cache(maxsize=_REMEMBERED)(self._count)

    @property
    def has_chat_template(self) -> bool:
        """Whether the tokenizer knows how to render a chat."""
        return self._tokenizer.chat_template is not None

    @property
    def chat_template(self) -> str:
        """Source of the chat template, or of all of them; empty where there is none."""
        template = self._tokenizer.chat_template or ""
        return "\n".join(template.values()) if isinstance(template, dict) else str(template)

    def prompt_end(self) -> str:
        """Return what a rendered prompt has after the user's message."""
        if not self.has_chat_template:
            return ""
        try:
            return self.render(_ASKED).rpartition(_QUESTION)[2]
        except ModelError:
            return ""  # the error comes where the template is used

    def around_reasoning(self) -> tuple[str, str] | None:
        """Return what the template puts before and after an assistant's reasoning.

        The first is empty where the prompt for an answer holds it already; ``None`` where the
        template drops the reasoning.
        """
        if not self.has_chat_template:
            return None
        return next(filter(None, map(self._around, _REASONING_KEYS)), None)

    def _around(self, key: str) -> tuple[str, str] | None:
        """Return the same for reasoning under one key of the message."""
        reply = {"role": "assistant", "content": _ANSWER, key: _REASONING}
        try:
            prompt = self._render(_ASKED, add_generation_prompt=True)
            text = str(self._tokenizer.apply_chat_template([*_ASKED, reply], tokenize=False))
        except (TemplateError, TypeError, ValueError, LookupError):
            return None
        before, _, after = text.partition(_REASONING)
        end, answered, _ = after.partition(_ANSWER)
        if not answered or not end.strip():
            return None
        pairs = zip(before, prompt, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return before[shared:].strip(), end.strip()

    def render(self, messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """Return the prompt for a chat, as lm-eval renders it.

        A template that refuses a system message gets the chat without it, which is what lm-eval
        does; the prompt is part of every sample's id, so both arms always share it.
        """
        try:
            return self._render(messages, add_generation_prompt)
        except TemplateError:
            without = [message for message in messages if message["role"] != "system"]
        except _BROKEN as error:
            raise self._unusable(error) from error
        try:
            return self._render(without, add_generation_prompt)
        except (TemplateError, *_BROKEN) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> ModelError:
        said = " ".join(str(error).split()) or type(error).__name__
        return ModelError(
            f"{self._tokenizer.name_or_path}: its chat template cannot be rendered: {said}. "
            f"Correct the template, or set chat_template: false."
        )

    def prompt_ids(self, prompt: str) -> list[int]:
        """Return the tokens of a rendered prompt, as the engines send them.

        The tokenizer's own special tokens go around it, unless it begins with its BOS.
        """
        bos = self._tokenizer.bos_token
        special = not (bos and prompt.startswith(bos))
        return list(self._tokenizer(prompt, add_special_tokens=special)["input_ids"])

    def _count(self, text: str) -> int:
        whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
        return len(self._tokenizer(whole)["input_ids"])

    def check_same(self, other: AnyTokenizer, where: str) -> None:
        """Check that another tokenizer renders and splits text as this one.

        Args:
            other: The tokenizer of a candidate.
            where: Its folder, for the message.

        Raises:
            TrustError: If its content differs, or a probe chat comes out differently.
        """
        if isinstance(other, UnknownTokenizer):
            raise TrustError(
                f"{where}: its tokenizer is unknown but the baseline's is known, so their "
                "prompts cannot be compared. Set 'tokenizer' for both, or for neither."
            )
        self.check_template(other.chat_template, where)
        for chat in _CHATS if self.has_chat_template else ():
            if self._shown(chat) != other._shown(chat):
                raise TrustError(_another_template(where))
        contents = "\n".join(message["content"] for message in _PROBE_CHAT)
        probe = self._shown(_PROBE_CHAT) if self.has_chat_template else contents
        differing = _differing(self._tokenizer, other._tokenizer)
        same_ids = self._tokenizer(probe)["input_ids"] == other._tokenizer(probe)["input_ids"]
        if differing or not same_ids:
            found = f" ({', '.join(differing)})" if differing else ""
            raise TrustError(
                f"{where}: its tokenizer differs from the baseline's{found}, so the two arms would "
                f"not be comparable. Train and serve with one tokenizer, or remove its files from "
                f"the adapter folder if they are a left-over."
            )

    def check_template(self, template: str, where: str) -> None:
        """Check that another chat template is this one, marks of trainers aside.

        Raises:
            TrustError: If it is not.
        """
        if self.has_chat_template and _plain(template) != _plain(self.chat_template):
            raise TrustError(_another_template(where))

    def _shown(self, chat: list[dict[str, str]]) -> str:
        """Return a chat as rendered, or that the template refuses it."""
        try:
            return self.render(chat)
        except ModelError:
            return "refused"

    def _render(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt,
            )
        )


def _another_template(where: str) -> str:
    return (
        f"{where}: its chat template differs from the baseline's, so the two arms would get "
        f"different prompts. Train and serve with one template, or remove the tokenizer files "
        f"from the adapter folder if they are a left-over."
    )


def _plain(template: str) -> str:
    """Return a template without the marks of trainers and the blanks around its lines."""
    return "\n".join(line.strip() for line in _GENERATION.sub("", template).split("\n")).strip()


_CONTENT = ("model", "normalizer", "pre_tokenizer", "post_processor", "decoder")


def _differing(one: Any, other: Any) -> list[str]:
    """Return what differs in the content of two tokenizers; padding is each arm's own."""
    found = [f"{key}_token" for key in ("bos", "eos") if _token(one, key) != _token(other, key)]
    backends: list[Any] = [getattr(each, "backend_tokenizer", None) for each in (one, other)]
    if None in backends:  # written in Python, and so without content that can be listed
        return found + (["vocabulary"] if one.get_vocab() != other.get_vocab() else [])
    mine, theirs = (json.loads(backend.to_str()) for backend in backends)
    found += [key for key in _CONTENT if mine.get(key) != theirs.get(key)]
    added = [
        {(token["id"], token["content"]) for token in content["added_tokens"]}
        for content in (mine, theirs)
    ]
    return found + (["added tokens"] if added[0] != added[1] else [])


def _token(tokenizer: Any, name: str) -> str | None:
    found: str | None = getattr(tokenizer, f"{name}_token", None)
    return found


AnyTokenizer = PromptTokenizer | UnknownTokenizer
