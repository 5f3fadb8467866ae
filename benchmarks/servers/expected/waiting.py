"""What has to be made of servers that are busy, or fail (S6)."""

from __future__ import annotations

from benchmarks.servers.expected.case import ERROR, RIGHT, UNMEASURED, Case, case

WAITING: tuple[Case, ...] = (
    case("retry-after-seconds", RIGHT),
    case("retry-after-date", RIGHT),
    case("retry-unsaid", RIGHT),
    case("retry-in-message", RIGHT),
    case("limited-in-200", RIGHT),
    case("burst-503", RIGHT),
    case("burst-529", RIGHT),
    case("burst-page", RIGHT),
    case("loading", RIGHT),
    case("one-slot", RIGHT, options={"num_concurrent": 1}),
    case("one-slot", RIGHT, variant="unasked"),
    case("cut-body", RIGHT),
    case("connection-reset", RIGHT),
    case("slow-first-byte", RIGHT),
    case("hangs-once", RIGHT, options={"timeout": 5}),
    case("restarts", RIGHT),
    case("few-fail", UNMEASURED, words=("illegal memory access",)),
    case("limited-for-ever", ERROR, UNMEASURED, words=("Rate limit",), options={"max_wait": 6}),
    case("wrong-key", ERROR, words=("Incorrect API key provided",)),
    case("quota", ERROR, UNMEASURED, words=("You exceeded your current quota",)),
    case("too-long", UNMEASURED, words=("maximum context length is 16",)),
)  # fmt: skip
