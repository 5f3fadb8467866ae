"""The windows in which a text of any length is scored, as lm-eval cuts it."""

from __future__ import annotations

from collections.abc import Sequence

from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

Tokens = tuple[int, ...]


def windows(tokens: Sequence[int], *, prefix: int, max_length: int) -> list[tuple[Tokens, Tokens]]:
    """Return the context and the scored tokens of each window; each token is scored once.

    Args:
        tokens: The text.
        prefix: Token that stands before it.
        max_length: Most tokens of a window that are scored.
    """
    found = get_rolling_token_windows(
        token_list=list(tokens), prefix_token=prefix, max_seq_len=max_length, context_len=1
    )
    disjoint = map(make_disjoint_window, found)
    return [(tuple(context), tuple(scored)) for context, scored in disjoint]
