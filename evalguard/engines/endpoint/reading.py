"""Sees whether a server reads its prompts to the end, by the tokens that it counts of them.

Servers cut what does not fit into their context, or leave out the first messages, and say nothing
of it but in ``usage``. Where prompts are sent as tokens, their number is known. Elsewhere the
longest prompt of a run is asked again with words more: where the count does not grow by them, the
server did not read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, generation
from evalguard.engines.chat import as_messages, read_messages
from evalguard.engines.endpoint.requests import UnansweredError
from evalguard.engines.limits import DEFAULT_LIMIT, limit_of

CountPrompts = Callable[[str, Sequence[Instance]], "list[int | None]"]
"""Asks a model, and returns how many tokens the server counted of each prompt."""

_MORE = 64
"""Words that are added, each of one token or more; of these a server that reads them must count
at least half."""

_LONG_BYTES = 256
"""Length of a prompt from which it is tried: no server has a context that is shorter."""

_MOST_ADDED = 8
"""Tokens that a server adds to a prompt at most, such as the one that begins a text."""


class Sent(NamedTuple):
    """A prompt of which the tokens are known.

    Attributes:
        tokens: Tokens that were sent.
        counted: Tokens that the server counted.
    """

    tokens: int
    counted: int


@dataclass(frozen=True, slots=True)
class _Tried:
    """What was found of prompts with one limit of tokens.

    Attributes:
        longest: Bytes of the longest that was tried.
        limit: Tokens at which the server cuts; ``None`` where it was not seen to.
        skips: Whether it leaves out the first messages.
    """

    longest: int
    limit: int | None = None
    skips: bool = False


class Reading:
    """Knows where a server cuts the prompts of its models.

    Args:
        count: Asks a model.
        default_limit: Tokens of an answer whose task sets no limit.
    """

    def __init__(self, count: CountPrompts, default_limit: int = DEFAULT_LIMIT) -> None:
        self._count = count
        self._default_limit = default_limit
        self._least: int | None = None
        self._exact = False
        self._tried: dict[tuple[str, int], _Tried] = {}

    def learn(self, counted: Iterable[int | None], sent: Iterable[Sent]) -> None:
        """Note what the server counted of a few short prompts.

        Args:
            counted: Tokens of each.
            sent: The same, of those whose tokens are known.
        """
        self._least = min((one for one in counted if one is not None), default=None)
        self._exact = self._is_exact(list(sent))

    def _is_exact(self, sent: Sequence[Sent]) -> bool:
        """Whether all tokens that are sent are counted, those of a prompt known from before too."""
        added = {one.counted - one.tokens for one in sent}
        if len({one.tokens for one in sent}) < 2 or len(added) > 1:
            return False
        if not 0 <= min(added) <= _MOST_ADDED:
            return False
        counted = [self._count(BASE, [_KNOWN])[0] for _ in range(2)]
        return counted[0] is not None and counted[0] == counted[1]

    def look(self, model: str, requests: Iterable[Instance]) -> None:
        """Try the longest prompts of a run; :meth:`check` raises what comes of it.

        Args:
            model: The model.
            requests: What it will be asked.
        """
        if self._least is None or self._exact:
            return
        longest: dict[int, Instance] = {}
        for one in requests:
            if one.request_type == "generate_until":
                limit = limit_of(one, self._default_limit)
                if _size(one) > _size(longest.get(limit)):
                    longest[limit] = one
        for limit, one in longest.items():
            before = self._tried.get((model, limit), _Tried(_LONG_BYTES - 1))
            if _size(one) > before.longest and before.limit is None and not before.skips:
                self._tried[model, limit] = self._try(model, one)

    def check(self, model: str, request: Instance, counted: int | None, sent: int | None) -> None:
        """Check that a prompt was read to its end.

        Args:
            model: The model.
            request: The request that was answered.
            counted: Tokens of its prompt that the server counted.
            sent: Tokens that were sent; ``None`` where that is not known.

        Raises:
            UnansweredError: If it was not.
        """
        if sent is not None and self._exact and counted is not None and counted < sent:
            raise UnansweredError(
                f"the server read {counted} of the {sent} tokens of the prompt: it truncates "
                f"prompts. {_ADVICE}"
            )
        if request.request_type != "generate_until":
            return
        found = self._tried.get((model, limit_of(request, self._default_limit)))
        if found is None:
            return
        if found.limit is not None and (counted is None or counted >= found.limit):
            raise UnansweredError(
                f"the server truncated the prompt at {found.limit} tokens. {_ADVICE}"
            )
        if found.skips and _shortened(request) is not None:
            raise UnansweredError(
                "the server drops the first messages of long prompts: its token count is the "
                f"same without them. {_ADVICE}"
            )

    def _try(self, model: str, request: Instance) -> _Tried:
        tried = _Tried(_size(request))
        asked = [request, request, _lengthened(request, _MORE), _lengthened(request, 4 * _MORE)]
        without = _shortened(request)
        found = self._count(model, [*asked, *([without[0]] if without else [])])
        own, again, more, most, *rest = found
        if own is None or own != again or self._least is None or own <= self._least:
            return tried  # it counts nothing, or what it does not remember
        if more is not None and 0 <= more - own < _MORE / 2 and most in range(more - 1, more + 2):
            return _Tried(tried.longest, limit=more)
        if without and rest[0] is not None and own - rest[0] < without[1] / 2:
            return _Tried(tried.longest, skips=True)
        return tried


_KNOWN = generation(" ".join(map(str, range(100, 200))), tokens=1)
"""Asked twice, for servers that count the tokens alone that they did not read before; longer than
the blocks in which these are kept."""

_ADVICE = "Give the server a longer context, or shorten the prompts"


def _size(request: Instance | None) -> int:
    return len(str(request.args[0]).encode()) if request is not None else 0


def _lengthened(request: Instance, words: int) -> Instance:
    """Return a request with numbers after its prompt, each a word."""
    more = " ".join(str(number) for number in range(100, 100 + words))
    messages = read_messages(str(request.args[0]))
    last = messages[-1]
    return _asking(request, [*messages[:-1], {**last, "content": f"{last['content']}\n\n{more}"}])


def _shortened(request: Instance) -> tuple[Instance, int] | None:
    """Return a request without the first question and answer of its chat, and their words."""
    messages = read_messages(str(request.args[0]))
    first = next((place for place, one in enumerate(messages) if one["role"] == "user"), 0)
    pair = messages[first : first + 2]
    if [one["role"] for one in pair] != ["user", "assistant"]:
        return None
    words = sum(len(one["content"].split()) for one in pair)
    return _asking(request, [*messages[:first], *messages[first + 2 :]]), words


def _asking(request: Instance, messages: list[dict[str, str]]) -> Instance:
    return Instance(
        request_type="generate_until",
        doc=request.doc,
        arguments=(as_messages(messages), request.args[1]),
        idx=request.idx,
    )
