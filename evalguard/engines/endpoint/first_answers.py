"""What a server is asked first, to see that it answers at all and keeps to a limit."""

from __future__ import annotations

from collections.abc import Sequence

from evalguard.engines.base import PROBE_TEXTS
from evalguard.engines.endpoint.decoding import next_step
from evalguard.errors import EngineError

FIRST = (
    (PROBE_TEXTS[0], 4),
    ("Write the numbers from 1 to 200, separated by commas.", 4),
    ("Write one sentence about the sea.", 16),
    ("Good morning!", 1),
)
"""Prompts and the tokens that are asked for; the second asks for many more. The limits differ so
that counts which are always the same are seen not to count."""

LEAST_LIMIT = 4
"""Tokens from which the limit must be kept to; a gateway may add some to the shortest answer."""


def nothing_answered(failures: Sequence[EngineError]) -> EngineError:
    """Return one error for a server that answered none of the first prompts.

    Args:
        failures: What came of each.
    """
    first = str(failures[0])
    several = f" (the same for all {len(failures)} first prompts)" if len(failures) > 1 else ""
    differ = len({str(one) for one in failures}) > 1
    words = f"{first.rstrip('.')}{'' if differ else several}"
    return EngineError(f"{words}. {next_step(first)}".strip())
