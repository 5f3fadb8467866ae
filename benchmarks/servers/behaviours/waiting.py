"""S6: what passes if the client waits, and what never does."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.wire import CLOSED_UNTIL, Ask, Plain, Reply, problem

WINDOW_SECONDS = 4
"""Length of a window of the rate limit."""

WINDOW_REQUESTS = 40
"""Requests that are answered in one."""

DOWN_FROM = 40
"""Request from which a server is down for a while."""

BURST_SECONDS = 12


def _seconds_until_allowed(ask: Ask) -> float | None:
    """Return how long a request has to wait for the next window; ``None`` where it need not."""
    traffic = ask.traffic
    with traffic.lock:
        now = time.monotonic()
        began, count = traffic.notes.get("window", (now, 0))
        if now - began >= WINDOW_SECONDS:
            began, count = now, 0
        traffic.notes["window"] = (began, count + 1)
        return None if count < WINDOW_REQUESTS else WINDOW_SECONDS - (now - began)


def _limited(message: str, *headers: tuple[str, str]) -> Reply:
    return problem(429, message, type="requests", code="rate_limit_exceeded", headers=headers)


def _is_down(ask: Ask, seconds: float) -> bool:
    with ask.traffic.lock:
        began = ask.traffic.notes.get("down since")
        if began is None and ask.number >= DOWN_FROM:
            began = ask.traffic.notes["down since"] = time.monotonic()
    return began is not None and time.monotonic() - began < seconds


@behaviour("S6", "promptfoo #1612")
def retry_after_seconds(ask: Ask, plain: Plain) -> Reply:
    """Limits the rate, and says by Retry-After for how many seconds."""
    left = _seconds_until_allowed(ask)
    if left is None:
        return plain(ask)
    return _limited("Rate limit reached: 40 / 4 s.", ("Retry-After", str(int(left) + 1)))


@behaviour("S6", "RFC 9110, 10.2.3")
def retry_after_date(ask: Ask, plain: Plain) -> Reply:
    """Limits the rate, and says by Retry-After until when."""
    left = _seconds_until_allowed(ask)
    if left is None:
        return plain(ask)
    date = formatdate(time.time() + left + 1, usegmt=True)
    return _limited("Rate limit reached: 40 / 4 s.", ("Retry-After", date))


@behaviour("S6", "inspect_ai #1534")
def retry_unsaid(ask: Ask, plain: Plain) -> Reply:
    """Limits the rate, and does not say for how long."""
    return plain(ask) if _seconds_until_allowed(ask) is None else _limited("Too many requests")


@behaviour("S6", "OpenAI, rate limits")
def retry_in_message(ask: Ask, plain: Plain) -> Reply:
    """Limits the rate, and says in the message alone for how long."""
    left = _seconds_until_allowed(ask)
    if left is None:
        return plain(ask)
    return _limited(f"Rate limit reached. Please try again in {left:.2f}s.")


@behaviour("S6", "OpenRouter, errors")
def limited_in_200(ask: Ask, plain: Plain) -> Reply:
    """Limits the rate by an error under status 200."""
    if _seconds_until_allowed(ask) is None:
        return plain(ask)
    return Reply(body={"error": {"message": "Rate limit exceeded, retry shortly", "code": 429}})


@behaviour("S6", "inspect_ai #1534")
def burst_503(ask: Ask, plain: Plain) -> Reply:
    """Answers 503 for 12 seconds."""
    if _is_down(ask, BURST_SECONDS):
        return problem(503, "upstream overloaded", type="server_error")
    return plain(ask)


@behaviour("S6", "Anthropic, overloaded_error")
def burst_529(ask: Ask, plain: Plain) -> Reply:
    """Answers 529, a status that no standard has, for 6 seconds."""
    return problem(529, "Overloaded") if _is_down(ask, 6) else plain(ask)


@behaviour("S6", "nginx before a server that starts again")
def burst_page(ask: Ask, plain: Plain) -> Reply:
    """Answers 502 by a page for 6 seconds."""
    if not _is_down(ask, 6):
        return plain(ask)
    page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return Reply(status=502, raw=page, content_type="text/html")


@behaviour("S6", "a server that loads its model", lists=True)
def loading(ask: Ask, plain: Plain) -> Reply:
    """Answers 503 to every request in its first 6 seconds, the list of models included."""
    if time.monotonic() - ask.traffic.started < 6:
        return problem(503, "Loading model", type="unavailable_error")
    return plain(ask)


@behaviour("S6", "plans with one request at a time")
def one_slot(ask: Ask, plain: Plain) -> Reply:
    """Refuses a second request while one is under way."""
    time.sleep(0.02)
    if ask.active > 1:
        return problem(429, "too many concurrent requests: this plan allows 1")
    return plain(ask)


@behaviour("S6")
def cut_body(ask: Ask, plain: Plain) -> Reply:
    """Closes the connection in the middle of every third response."""
    return replace(plain(ask), cut=ask.number % 3 == 0)


@behaviour("S6")
def connection_reset(ask: Ask, plain: Plain) -> Reply:
    """Resets every fifth connection in place of an answer."""
    return replace(plain(ask), reset=ask.number % 5 == 0)


@behaviour("S6")
def slow_first_byte(ask: Ask, plain: Plain) -> Reply:
    """Takes three seconds for every fortieth answer."""
    return replace(plain(ask), delay_seconds=3.0 if ask.number % 40 == 0 else 0.0)


@behaviour("S6")
def hangs_once(ask: Ask, plain: Plain) -> Reply:
    """Does not answer some questions within twenty seconds when they are first asked."""
    hangs = ask.chosen(0.03) and ask.traffic.first_time("hang", ask.model, ask.prompt)
    return replace(plain(ask), delay_seconds=20.0 if hangs else 0.0)


@behaviour("S6")
def restarts(ask: Ask, plain: Plain) -> Reply:
    """Is gone for four seconds, with all connections, and then there again."""
    if _is_down(ask, 4):
        ask.traffic.notes[CLOSED_UNTIL] = ask.traffic.notes["down since"] + 4
        return Reply(reset=True)
    return plain(ask)


@behaviour("S6", "lm-eval #2436")
def few_fail(ask: Ask, plain: Plain) -> Reply:
    """Answers 500 to a few questions, however often they are asked."""
    if ask.chosen(0.03):
        return problem(500, "CUDA error: an illegal memory access", type="server_error")
    return plain(ask)


@behaviour("S6", "OpenAI, error codes")
def wrong_key(ask: Ask, plain: Plain) -> Reply:
    """Refuses the key for every completion."""
    return problem(401, "Incorrect API key provided.", code="invalid_api_key")


@behaviour("S6", "OpenAI, error codes")
def quota(ask: Ask, plain: Plain) -> Reply:
    """Answers 429 from the fortieth request on, for a quota that waiting does not fill."""
    if ask.number < DOWN_FROM:
        return plain(ask)
    message = "You exceeded your current quota, please check your plan and billing details."
    return problem(429, message, type="insufficient_quota", code="insufficient_quota")


@behaviour("S6", "OpenAI, error codes")
def too_long(ask: Ask, plain: Plain) -> Reply:
    """Refuses some prompts as longer than its context."""
    if not ask.chosen(0.3):
        return plain(ask)
    message = "This model's maximum context length is 16 tokens."
    return problem(400, message, code="context_length_exceeded", param="messages")


@behaviour("S6")
def limited_for_ever(ask: Ask, plain: Plain) -> Reply:
    """Limits the rate from the fortieth request on, and says each time to come again in 2 s."""
    if ask.number < DOWN_FROM:
        return plain(ask)
    return _limited("Rate limit reached.", ("Retry-After", "2"))
