"""Log-likelihoods on transformers: what token sequences share is read once.

lm-eval reads every choice together with its whole context. Here the header that many contexts
begin with is read once into the key-value cache. After it, contexts and their choices stand side
by side in one row, and a mask lets each choice see its own context alone: no token is read twice,
and none is padding. The values are those that lm-eval gets, but for the rounding that any other
shape of a batch brings too.
"""

from __future__ import annotations

import inspect
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from transformers import Cache
from transformers.cache_utils import DynamicLayer

Tokens: TypeAlias = tuple[int, ...]

Likelihood: TypeAlias = tuple[float, bool]
"""Log-likelihood of a continuation, and whether it is the greedy one."""

CALL_TOKENS = 32
"""What a header must save for the call that reads it, in tokens."""

WORTH = 1.5
"""How many times fewer tokens a group must need, for its calls are more and smaller."""

PACK_TOKENS = {"cpu": 512, "gpu": 2048}
"""Tokens side by side in one pass: enough to keep the machine busy, while the mask is small."""

_LONG = 512
"""Tokens after a shorter header from which a context is a header of its own: a mask grows with
their square."""

_LENGTH_DEPENDENT = ("dynamic", "longrope")
_MASKED_KERNELS = ("sdpa", "eager")


@dataclass(frozen=True, slots=True)
class Trunk:
    """A context after its header and up to its last token.

    Attributes:
        tokens: May be empty.
        leaves: What is read after it to score continuations: the last token of the context and
            all of the continuation but its last token; and the indices of the requests that are
            read off it.
    """

    tokens: Tokens
    leaves: Mapping[Tokens, Sequence[int]]

    @property
    def size(self) -> int:
        """Tokens to be read."""
        return len(self.tokens) + sum(map(len, self.leaves))

    def parts(self, room: int) -> Iterator[Trunk]:
        """Yield the trunk with as many leaves at a time as have room, and at least one.

        A trunk that leaves little room has as much for its leaves as it takes itself.
        """
        room = max(room, 2 * len(self.tokens))
        part: dict[Tokens, Sequence[int]] = {}
        for leaf, indices in self.leaves.items():
            if part and Trunk(self.tokens, part).size + len(leaf) > room:
                yield Trunk(self.tokens, part)
                part = {}
            part[leaf] = indices
        yield Trunk(self.tokens, part)


@dataclass(frozen=True, slots=True)
class Group:
    """Contexts that begin alike.

    Attributes:
        header: What they share; empty when they share nothing worth a call.
        trunks: How each continues.
    """

    header: Tokens
    trunks: Sequence[Trunk]

    @property
    def pays(self) -> bool:
        """Whether reading shared tokens once is worth it."""
        plain = sum(
            len(self.header) + len(trunk.tokens) + len(leaf)
            for trunk in self.trunks
            for leaf in trunk.leaves
        )
        shared = len(self.header) + sum(trunk.size for trunk in self.trunks)
        return plain >= WORTH * shared

    def packs(self, room: int) -> Iterator[list[Trunk]]:
        """Yield trunks side by side, of at most that many tokens; a longer one by itself.

        A trunk whose leaves have no room beside it is read again for those left over.
        """
        pack: list[Trunk] = []
        used = 0
        for trunk in self.trunks:
            for part in trunk.parts(room):
                if pack and used + part.size > room:
                    yield pack
                    pack, used = [], 0
                pack.append(part)
                used += part.size
        yield pack


def plan(requests: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Group]:
    """Return the groups of (context, continuation) pairs in which sharing pays.

    The contexts are divided so that the fewest tokens are read.

    Args:
        requests: Neither may be empty.
    """
    found: dict[Tokens, dict[Tokens, list[int]]] = {}
    for index, (context, continuation) in enumerate(requests):
        leaf = (context[-1], *continuation[:-1])
        found.setdefault(tuple(context[:-1]), {}).setdefault(leaf, []).append(index)
    contexts = sorted(found)
    groups, alone = [], []
    for start, stop, length in _headers(contexts):
        trunks = [Trunk(context[length:], found[context]) for context in contexts[start:stop]]
        header = contexts[start][:length]
        long = [trunk for trunk in trunks if len(trunk.tokens) > max(_LONG, length)]
        groups += [Group(header + trunk.tokens, [Trunk((), trunk.leaves)]) for trunk in long]
        trunks = [trunk for trunk in trunks if trunk not in long]
        if length:
            groups.append(Group(header, trunks))
        elif Group((), trunks).pays:
            alone += trunks
    return [*(group for group in groups if group.pays), *([Group((), alone)] if alone else [])]


@dataclass(slots=True)
class _Node:
    """Neighbours that share ``length`` tokens, and how their contexts are best divided."""

    length: int
    start: int
    saved: int
    parts: list[tuple[int, int, int]]


def _headers(contexts: Sequence[Tokens]) -> list[tuple[int, int, int]]:
    """Divide sorted contexts into runs (start, stop, tokens of the header) that save the most.

    A context that shares no header is a run of its own, with none. A run of n contexts saves n - 1
    times its header. The runs that can be best are the nodes of the tree of prefixes, which are
    walked from the leaves up: each stays whole, or is divided as its children are (the intervals
    of Abouelhoda et al. 2004, doi:10.1016/S1570-8667(03)00065-0).
    """
    root = _Node(0, 0, 0, [])
    stack = [root]
    shared = [_common(a, b) for a, b in pairwise(contexts)]
    for index, length in enumerate([*shared, 0][: len(contexts)]):
        node = _Node(0, index, 0, [(index, index + 1, 0)])
        while stack[-1].length > length:
            _absorb(stack[-1], node)
            node = _closed(stack.pop(), index + 1)
        if stack[-1].length < length:
            stack.append(_Node(length, node.start, 0, []))
        _absorb(stack[-1], node)
    return root.parts


def _absorb(parent: _Node, child: _Node) -> None:
    parent.saved += child.saved
    parent.parts += child.parts


def _closed(node: _Node, stop: int) -> _Node:
    whole = (stop - node.start - 1) * node.length - CALL_TOKENS
    if whole > node.saved:
        return _Node(node.length, node.start, whole, [(node.start, stop, node.length)])
    return node


def _common(a: Tokens, b: Tokens) -> int:
    """Return how many tokens two sequences share at their beginning."""
    lengths = range(1, min(len(a), len(b)) + 1)
    return bisect_left(lengths, True, key=lambda n: a[:n] != b[:n])


def can_share(model: torch.nn.Module) -> bool:
    """Whether a model looks at keys and values of earlier tokens as mask and positions say.

    Not so with recurrent layers, sliding windows, rotations that depend on a text's length, and
    kernels that take no mask.
    """
    signature = inspect.signature(model.forward).parameters
    config = model.config.get_text_config()
    rotation = (getattr(config, "rope_parameters", None) or {}).get("rope_type")
    if (
        not {"position_ids", "past_key_values", "logits_to_keep"} <= signature.keys()
        or config._attn_implementation not in _MASKED_KERNELS
        or rotation in _LENGTH_DEPENDENT
    ):
        return False
    cache = model(torch.zeros(1, 1, dtype=torch.long, device=model.device)).past_key_values
    layers = getattr(cache, "layers", [])
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers)


class Forward(Protocol):
    """One pass of a causal model over one row of tokens."""

    def __call__(
        self,
        tokens: torch.Tensor,
        *,
        positions: torch.Tensor,
        mask: torch.Tensor | None = None,
        cache: Cache | None = None,
        keep: torch.Tensor,
    ) -> tuple[torch.Tensor, Cache]:
        """Return log-probabilities at the kept columns, and the cache.

        Args:
            tokens: int64 ``[columns]``.
            positions: int64 ``[columns]``, the place of each token in its text.
            mask: bool ``[columns, cached + columns]``, which tokens each may look at; ``None`` is
                all before it.
            cache: Keys and values of what precedes it, updated in place; ``None`` to begin.
            keep: int64 ``[kept]``.

        Returns:
            ``[kept, vocabulary]``, and the cache with the new tokens.
        """


class Reader:
    """Scores groups.

    Args:
        forward: The model.
        device: Where it is.
    """

    def __init__(self, forward: Forward, device: torch.device) -> None:
        self._forward = forward
        self._device = device
        self._room = PACK_TOKENS["cpu" if device.type == "cpu" else "gpu"]

    def score(
        self, group: Group, continuations: Sequence[Sequence[int]]
    ) -> Iterator[tuple[int, Likelihood]]:
        """Yield the index of each request of a group, and its likelihood.

        Args:
            group: What to read.
            continuations: Those of all requests that the group was planned from.
        """
        header = self._read_header(group.header) if group.header else None
        for pack in group.packs(self._room):
            columns = Columns(pack, len(group.header))
            found, _ = self._forward(
                torch.tensor(columns.tokens, device=self._device),
                positions=torch.tensor(columns.positions, device=self._device),
                mask=torch.from_numpy(columns.mask()).to(self._device),
                cache=_copied(header),
                keep=torch.tensor(columns.kept, device=self._device),
            )
            row = 0
            for leaf, indices in columns.leaves:
                along = found[row : row + len(leaf)]
                row += len(leaf)
                for index in indices:
                    yield index, _likelihood(along, continuations[index])

    def _read_header(self, header: Tokens) -> Cache:
        positions = torch.arange(len(header), device=self._device)
        tokens = torch.tensor(header, device=self._device)
        return self._forward(tokens, positions=positions, keep=positions[-1:])[1]


class Columns:
    """Trunks and their leaves side by side in one row of tokens, after a header.

    Attributes:
        tokens: One for each column.
        positions: The place of each in its text.
        kept: The columns of leaves.
        leaves: Each leaf and the requests that are read off it.
    """

    def __init__(self, pack: Iterable[Trunk], header: int) -> None:
        self.tokens: list[int] = []
        self.positions: list[int] = []
        self.kept: list[int] = []
        self.leaves: list[tuple[Tokens, Sequence[int]]] = []
        self._header = header
        self._spans: list[tuple[int, int, int, int]] = []  # start and stop of trunk and of text
        for trunk in pack:
            start = len(self.tokens)
            branch = self._append(trunk.tokens, header)
            self._spans.append((start, start, start, branch))
            for leaf, indices in trunk.leaves.items():
                at = len(self.tokens)
                stop = self._append(leaf, header + len(trunk.tokens))
                self.kept += range(at, stop)
                self.leaves.append((leaf, indices))
                self._spans.append((start, branch, at, stop))

    def _append(self, tokens: Tokens, position: int) -> int:
        self.positions += range(position, position + len(tokens))
        self.tokens += tokens
        return len(self.tokens)

    def mask(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which tokens each may look at, ``[columns, header + columns]``.

        Those are the header, its trunk, and what comes before it in its own leaf.
        """
        size = len(self.tokens)
        allowed = np.zeros((size, self._header + size), dtype=bool)
        allowed[:, : self._header] = True
        own = allowed[:, self._header :]
        for start, branch, at, stop in self._spans:
            own[at:stop, start:branch] = True
            own[at:stop, at:stop] = np.tri(stop - at, dtype=bool)
        return allowed


def _copied(cache: Cache | None) -> Cache | None:
    """Return a cache that grows without the given one, whose tensors it shares."""
    if cache is None:
        return None
    copied = copy(cache)
    copied.layers = [copy(layer) for layer in cache.layers]
    return copied


def _likelihood(log_probabilities: torch.Tensor, continuation: Sequence[int]) -> Likelihood:
    tokens = torch.tensor(continuation, device=log_probabilities.device)
    greedy = bool((log_probabilities.argmax(dim=-1) == tokens).all())
    return float(log_probabilities.gather(1, tokens[:, None]).sum()), greedy
