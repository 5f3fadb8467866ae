"""Reads everything that a server says with an answer, and tells an answer from none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalguard.engines.endpoint import counts
from evalguard.engines.endpoint.counts import SLACK, Counted
from evalguard.engines.endpoint.requests import (
    Generation,
    LimitError,
    UnansweredError,
    cut_at,
    plain,
)

Count = Callable[[str], int]

_COMPLETE = ("stop", "eos", "eos_token", "stop_sequence", "end_turn", "stop_str", "")
_LENGTH = ("length", "max_tokens", "model_length", "max_length", "max_output_tokens")
_FILTERED = (
    *("content_filter", "safety", "recitation", "blocklist", "prohibited_content", "refusal"),
    *("spii", "image_safety", "guardrail_intervened", "content_filtered", "sensitive"),
)
_BROKEN = (
    *("incomplete", "failed", "cancelled", "in_progress", "queued", "error", "abort", "aborted"),
    *("other", "language", "malformed_function_call", "insufficient_system_resource"),
)
_REASONS = (
    *("finish_reason", "native_finish_reason", "stop_reason", "done_reason", "finish_details"),
    *("incomplete_details", "status"),
)
"""Where servers and gateways tell why an answer ends: in the choice, its message or the body."""

_FILTERS = (
    *("content_filter_results", "content_filter_result", "safety_ratings", "safetyRatings"),
    *("amazon-bedrock-guardrailAction", "guardrailAction", "guardrail_action", "guardrails"),
    *("promptFeedback", "prompt_feedback"),
)
"""Where they say that a filter took the text."""

_TAKEN = ("filtered", "blocked")
"""Flags that say so, in a filter's result or beside the text."""

_INTERVENED = ("intervened", "guardrail_intervened", "blocked")
_CALLED = ("tool_calls", "function_call", "tool_use")
_CALLS = ("tool_calls", "function_call")

_TEXT_PARTS = ("text", "output_text", "input_text")
_REASONING = ("reasoning_content", "reasoning", "thinking")

_CACHED = (
    (("usage", "prompt_tokens_details"), ("cached_tokens",)),
    (("usage", "input_tokens_details"), ("cached_tokens",)),
    (("usage",), ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")),
    (("timings",), ("cache_n",)),
)
"""Where servers tell how much of a prompt they had from before."""

_END = re.compile(
    r"(<\|(?:im_end|eot_id|eom_id|end|endoftext|end_of_text|return)\|>|<end_of_turn>|<eos>"
    r"|<｜end▁of▁sentence｜>|</s>)\s*((?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>).*)?\Z",
    re.DOTALL,
)
"""What ends a model's turn, with the next turn if it was not stopped: servers that do not know the
end leave it in the text."""

_RETOKENISED = 8
"""Tokens more in which a short text may be written than the model took for it."""

_HIDDEN = "(reasoning that the server does not show)"

UNCLOSED = "<think>\n"
"""Begins the text of an answer whose tokens all went into reasoning that the server holds apart,
as a model of open weights would have written it."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a server said.

    Attributes:
        text: The answer; ``None`` where there is none.
        reasoning: What the model thought, where the server holds it apart.
        finish: Why the answer ends, in lower case.
        tokens: Tokens that were generated, where what the server counts can be that.
    """

    text: str | None
    reasoning: str
    finish: str
    tokens: int | None


def counted(data: Any, asked: Generation) -> Counted:
    """Return what a response says, with what the server counted of it.

    Raises:
        UnansweredError: If it has another form.
    """
    said = _read(data)
    tokens = counts.answer_tokens(data)
    shown = "" if said.reasoning == _HIDDEN else said.reasoning
    return Counted(said.text or "", tokens, asked.new_tokens, shown)


def read_text(
    data: Any, asked: Generation, count: Count | None = None, *, trusts_counts: bool = True
) -> str:
    """Return the text of a response.

    An answer that used up its own limit is whole, and so is one that ends before a stop string,
    whether the server applied it or not.

    Args:
        data: The response.
        asked: The request.
        count: Counts the tokens of a text, for servers that do not; ``None`` if that is not known.
        trusts_counts: Whether the server's own counts are those of its answers.

    Raises:
        UnansweredError: If it has no text, was filtered or cut short, or has another form.
    """
    said = _read(data)
    own = counted(data, asked)
    if trusts_counts and counts.can_be(own):
        said = replace(said, tokens=own.tokens)
    if said.finish in _FILTERED or _is_filtered(data):
        raise UnansweredError(f"the server filtered the answer (finish_reason '{said.finish}')")
    if said.text is None:
        return _without_text(data, said, asked, count)
    if said.text and (calls := _calls(data)):
        raise UnansweredError(
            "the response has a tool call in addition to its text, which scorers cannot see: "
            f"{plain(calls)}. Disable tool-call parsing on the server to score the whole output"
        )
    if said.finish in _COMPLETE and not said.text and said.reasoning:
        return _without_text(data, said, asked, count)
    ended = _without_end(said.text)
    text = cut_at(ended, asked.stops)
    _check_limit(said, text, asked, count, whole=text == ended)
    if text != said.text or said.finish in _COMPLETE:
        return text
    if said.finish in _LENGTH:
        if not text and said.reasoning:
            return _without_text(data, said, asked, count)
        if _is_used_up(said, said.text, asked.new_tokens, count):
            return text
        after = f" after {said.tokens} of {asked.new_tokens} tokens" if said.tokens else ""
        raise UnansweredError(
            f"the server cut the answer short{after} (finish_reason '{said.finish}')"
        )
    if said.finish in _CALLED and text:
        return text
    raise UnansweredError(f"the answer ended early (finish_reason '{said.finish}')")


def ends_at_limit(data: Any) -> bool:
    """Return whether a response says that its answer ends for the limit of tokens.

    Raises:
        UnansweredError: If it has another form.
    """
    return _finish(data, first_choice(data)) in _LENGTH


def model_of(data: Any) -> str | None:
    """Return the model that the server says has answered."""
    name = data.get("model") if isinstance(data, Mapping) else None
    return name if isinstance(name, str) else None


def cached_tokens(data: Any) -> int:
    """Return how many tokens of the prompt the server had from before; 0 where it does not tell.

    Example:
        >>> cached_tokens({"usage": {"prompt_tokens_details": {"cached_tokens": 14}}})
        14
    """
    found: list[Any] = []
    for place, keys in _CACHED:
        part = data
        for key in place:
            part = part.get(key) if isinstance(part, Mapping) else None
        found += [part.get(key) for key in keys] if isinstance(part, Mapping) else []
    numbers = [one for one in found if isinstance(one, int) and not isinstance(one, bool)]
    return max(numbers, default=0)


def first_choice(data: Any) -> Mapping[str, Any]:
    """Return the choice of a response to one prompt.

    Raises:
        UnansweredError: If there is none, or it has another form.
    """
    choices = data.get("choices") if isinstance(data, Mapping) else None
    if isinstance(choices, list) and not choices:
        raise UnansweredError("the server gave no text: its list of choices is empty")
    if not isinstance(choices, list) or not all(isinstance(one, Mapping) for one in choices):
        raise UnansweredError(f"the server's response has an unknown format: {plain(data)}")
    places = list(map(_index, choices))
    if places.count(min(places)) > 1:
        raise UnansweredError(f"several choices have the lowest index: {plain(choices)}")
    chosen = choices[places.index(min(places))]
    if chosen.get("error"):
        raise UnansweredError(f"the server reported an error: {plain(chosen['error'])}")
    return dict(chosen)


def _is_filtered(data: Any) -> bool:
    """Whether a filter says that it took the text, as Azure's does beside any reason to end."""
    choice = first_choice(data)
    places = [one for one in (choice, choice.get("message"), data) if isinstance(one, Mapping)]
    return any(_is_taken(one) or any(_took(one.get(key)) for key in _FILTERS) for one in places)


def _is_taken(said: Mapping[str, Any]) -> bool:
    return any(said.get(key) is True for key in _TAKEN)


def _took(result: Any) -> bool:
    if isinstance(result, Mapping):
        blocked = result.get("blockReason") or result.get("block_reason")
        return _is_taken(result) or bool(blocked) or any(map(_took, result.values()))
    if isinstance(result, str):
        return result.lower() in _INTERVENED
    return isinstance(result, list) and any(map(_took, result))


def _without_end(text: str) -> str:
    """Return a text without the token that ends a model's turn.

    Example:
        >>> _without_end("42<|im_end|>"), _without_end("<s>old</s>")
        ('42', '<s>old</s>')
    """
    found = _END.search(text)
    if found is None or (found[1] == "</s>" and "<s>" in text):
        return text
    return text[: found.start()]


def _index(choice: Mapping[str, Any]) -> int:
    index = choice.get("index", 0)
    return index if isinstance(index, int) else 0


def _read(data: Any) -> _Said:
    choice = first_choice(data)
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    contents = [one for one in (message.get("content"), choice.get("text")) if one is not None]
    if len(contents) == 2 and contents[0] != contents[1]:
        raise UnansweredError(
            f"the server gave two texts: {plain(contents[0])}, {plain(contents[1])}"
        )
    text, thought = _text_of(contents[0]) if contents else (None, "")
    refusal = message.get("refusal")
    if not text and isinstance(refusal, str) and refusal:
        text = refusal
    apart = [one for key in _REASONING if isinstance(one := message.get(key, choice.get(key)), str)]
    return _Said(
        text=text,
        reasoning=thought or next(filter(None, apart), "") or _hidden(data, message),
        finish=_finish(data, choice),
        tokens=None,
    )


def _hidden(data: Any, message: Mapping[str, Any]) -> str:
    """Return a word for reasoning that the server does not show; empty where there is none."""
    details = message.get("reasoning_details")
    usage = data.get("usage")
    for key in ("completion_tokens_details", "output_tokens_details"):
        counted = usage.get(key) if isinstance(usage, Mapping) else None
        tokens = counted.get("reasoning_tokens") if isinstance(counted, Mapping) else None
        if isinstance(tokens, int) and tokens > 0:
            return _HIDDEN
    return _HIDDEN if isinstance(details, list) and details else ""


def _finish(data: Any, choice: Mapping[str, Any]) -> str:
    """Return why an answer ends: the worst reason of all, since gateways put their own first.

    Example:
        >>> _finish({}, {"finish_reason": "stop", "native_finish_reason": "MAX_TOKENS"})
        'max_tokens'
    """
    places = (choice, choice.get("message"), data)
    parts = [part for part in places if isinstance(part, Mapping)]
    told = [part.get(key) for part in parts for key in _REASONS]
    reasons = [_reason(one) for one in told if one]
    for kind in (_FILTERED, _LENGTH, _BROKEN):
        for reason in reasons:
            if reason in kind:
                return reason
    truncated = any(part.get("truncated") is True for part in parts)
    said = choice.get("finish_reason") or choice.get("stop_reason")
    return "length" if truncated else _reason(said or "")


def _reason(told: Any) -> str:
    """Return a reason in OpenAI's spelling, in lower case."""
    if isinstance(told, Mapping):
        told = told.get("reason") or told.get("type") or ""
    return str(told).lower().rpartition(".")[2].removeprefix("finish_reason_")


def _text_of(content: Any) -> tuple[str | None, str]:
    """Return text and reasoning of a content, which may be a list of parts.

    Raises:
        UnansweredError: If it holds something else.
    """
    if isinstance(content, str):
        return content, ""
    parts = content if isinstance(content, list) else [content]
    texts, thoughts = [], []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and part.get("type", "text") in _TEXT_PARTS:
            if not isinstance(part.get("text"), str):
                raise UnansweredError(f"the content has an unknown format: {plain(content)}")
            texts.append(part["text"])
        elif isinstance(part, Mapping) and part.get("type") == "refusal":
            texts.append(str(part.get("refusal", "")))
        elif isinstance(part, Mapping) and part.get("type") in ("thinking", "reasoning"):
            thoughts.append(str(part.get("thinking") or part.get("text") or ""))
        else:
            raise UnansweredError(f"the content has an unknown format: {plain(content)}")
    return ("".join(texts) if texts else None), "".join(thoughts)


def _without_text(data: Any, said: _Said, asked: Generation, count: Count | None) -> str:
    """Return the reasoning that took all tokens of an answer, as reasoning that never ended.

    Raises:
        UnansweredError: If the answer is missing for another reason.
    """
    if said.reasoning and said.finish in _LENGTH:
        if _is_used_up(said, said.reasoning, asked.new_tokens, count):
            return f"{UNCLOSED}{said.reasoning}"
        raise UnansweredError(
            "the server gave no text: it cut the answer short while the model was reasoning "
            f"(finish_reason '{said.finish}')"
        )
    if calls := _calls(data):
        raise UnansweredError(f"the server gave no text: the model called a tool: {plain(calls)}")
    ended = f" (finish_reason '{said.finish}')" if said.finish else ""
    shown = {key: value for key, value in first_choice(data).items() if key != "logprobs"}
    raise UnansweredError(f"the server gave no text{ended}: {plain(shown)}")


def _calls(data: Any) -> Any:
    """Return the tools that a response calls; servers list none as an empty list, too."""
    choice = first_choice(data)
    message = choice.get("message")
    places = (message if isinstance(message, Mapping) else {}, choice)
    return next((one[key] for one in places for key in _CALLS if one.get(key)), None)


def _check_limit(
    said: _Said, text: str, asked: Generation, count: Count | None, *, whole: bool
) -> None:
    """Check that an answer keeps to the number of tokens that was asked for.

    Raises:
        LimitError: If it is longer, unless a stop string cuts it before.
    """
    limit = asked.new_tokens
    tokens, least = said.tokens, limit + SLACK
    if tokens is None and count is not None and whole:
        # A text may be written in more tokens than the model took, by a little.
        tokens, least = count(text), 2 * limit + _RETOKENISED
    over = whole and tokens is not None and tokens > least and len(text.encode()) > limit
    too_long = counts.has_more(text, limit) if tokens is None else counts.is_beyond(text, limit)
    if over or too_long:
        length = f"{tokens} tokens" if over else f"{len(text)} characters"
        raise LimitError(
            f"the server wrote {length} where {limit} tokens were requested: it ignores "
            "'max_tokens'. Name the field it supports with 'rename: {max_tokens: …}'"
        )


def _is_used_up(said: _Said, text: str, limit: int, count: Count | None) -> bool:
    """Whether an answer has as many tokens as were asked for; by its length, if nobody counts."""
    if said.tokens is not None:
        return said.tokens >= limit - 1
    if count is not None:  # a text may be written in fewer tokens than the model took
        return count(text) >= limit - max(SLACK, limit // 20)
    return counts.usual_tokens(text) >= limit
