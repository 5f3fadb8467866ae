"""What a check has to make of each behaviour.

The rule behind all of it: whatever a response says is read; an answer without a text, or one that
was cut short, filtered, or given in another form, is not measured, and the server's own words say
why; what the server ignores is done by the client, or is an error; who answers is proven against
the server's own noise; what passes by waiting is waited for.
"""

from __future__ import annotations

from benchmarks.servers.expected.answers import ANSWERS
from benchmarks.servers.expected.case import ECHO, ERROR, RIGHT, TEXT, Case, Target, case
from benchmarks.servers.expected.requests import REQUESTS
from benchmarks.servers.expected.waiting import WAITING
from benchmarks.servers.expected.who import WHO

__all__ = ["CASES", "Case", "Target"]

_PLAIN: tuple[Case, ...] = (
    case("plain", RIGHT),
    case("plain", RIGHT, variant="completions", **TEXT),
    case("plain", RIGHT, variant="choices", **ECHO),
    case("plain", RIGHT, variant="samples", kind="stories"),
    case("plain", RIGHT, variant="whole models", whole_models=True),
    case("plain", RIGHT, ERROR, variant="one name for all", whole_models=True,
          options={"model": "base"}, words=("model", "base")),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_PLAIN, *ANSWERS, *REQUESTS, *WHO, *WAITING)
"""Every behaviour at least once."""
