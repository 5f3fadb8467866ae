"""Reads an HTTP response as data, or as the reason why there is none."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from evalguard.engines.endpoint.event_stream import is_stream, read_stream

_AGAIN = frozenset({408, 409, 425, 429, *range(500, 600)})
"""Statuses after which the same request may be answered."""

_AWAY = frozenset({408, 425, 429, 502, 503, 504, 529})
"""Of these, the ones of a server that is away or busy."""

_FAILING = frozenset(range(500, 600))
"""Of these, the ones of a server that fails: on one request, or on all for a while."""

_KEEP_BODY = frozenset({307, 308})
"""Redirections that keep a request's method and body."""

_RATE_LIMITED = 429
_SPENT = ("insufficient_quota", "billing", "exceeded your current quota")
"""Says that no waiting helps."""

_THROTTLED = re.compile(
    r"throttl|too many requests|rate.?limit|(?:request|token)s? per minute", re.I
)
_LOADING = re.compile(r"\bmodel\b.{0,40}\b(?:unloaded|loading|being loaded|warming up)\b", re.I)
"""Words of proxies that pass on with another status what 429 and 503 say."""

_FALLBACKS = ("x-litellm-attempted-fallbacks", "cf-aig-step", "helicone-fallback-index")
"""Headers in which gateways count the models that failed before the one that answered."""

_UNKNOWN_KEY = "No connected db"
"""What LiteLLM's proxy says of a key that it does not know, where it has no database."""

_PLAIN = ("wrong version number", "wrong_version_number", "record layer failure")
"""What OpenSSL says of a server that does not encrypt."""

_ENCRYPTED = (
    "disconnected without", "connection reset", "https server", "https port", "illegal request",
)  # fmt: skip
"""What comes of a request to a server that encrypts and gets one that is not."""

_SHOWN = 300

_STREAMS = "the server streams its answers"


class FailedError(Exception):
    """A request that was not answered.

    Attributes:
        again: Whether it may be answered if it is sent again.
        limited: Whether the server answers, and asks for fewer or later requests.
        away: Whether it is not the request on which the server fails.
        failing: Whether it may be.
        pause: Seconds that the server asks to wait; ``None`` where it does not say.
    """

    def __init__(
        self,
        words: str,
        *,
        again: bool,
        limited: bool = False,
        away: bool = False,
        failing: bool = False,
        pause: float | None = None,
    ) -> None:
        super().__init__(words)
        self.away = away
        self.failing = failing
        self.again = again
        self.limited = limited
        self.pause = pause


def read_response(response: httpx.Response, *, max_wait: float) -> Any:
    """Return the data of a response.

    Args:
        response: What the server sent.
        max_wait: Longest pause in seconds that it may ask for.

    Raises:
        FailedError: If it is an error, whatever its status, or no JSON.
    """
    streamed = is_stream(response.headers.get("content-type", ""), response.content)
    data, fault = _streamed(response.content) if streamed else _parsed(response.content)
    status = response.status_code
    if response.is_success and fault:
        shown = response.text[:80]
        if streamed:
            words = f"{_STREAMS}, and this stream cannot be read ({fault})"
            raise FailedError(f"{words}: {shown!r}. Turn streaming off there", again=True)
        raise FailedError(f"the server did not answer in JSON ({fault}): {shown!r}", again=True)
    if response.is_success and not _holds_error(data):
        _check_fallback(response)
        return data
    if response.is_success:
        code = data["error"].get("code") if isinstance(data["error"], dict) else None
        status = int(str(code)) if str(code).isdigit() else 502
    message = _message(data, response.text)
    words = f"status {status}: {message}"
    status = _meant(status, message)
    spent = any(mark in response.text.lower() for mark in _SPENT)
    pause = asked_pause(response)
    if pause is not None and pause > max_wait:
        raise FailedError(
            f"{words} The server asks to wait {pause:.0f} s, longer than max_wait", again=False
        )
    again = status in _AGAIN and not spent
    raise FailedError(
        words,
        again=again,
        limited=again and (status == _RATE_LIMITED or pause is not None),
        away=(status if response.is_client_error else response.status_code) in _AWAY,
        failing=response.status_code in _FAILING,
        pause=pause,
    )


def _check_fallback(response: httpx.Response) -> None:
    """Check that no gateway says of a response that another model gave it.

    Raises:
        FailedError: If one does.
    """
    for name in _FALLBACKS:
        value = response.headers.get(name, "").strip()
        if value.isdigit() and int(value) > 0:
            raise FailedError(
                f"a fallback of the gateway answered ({name}: {value}), not the model that was "
                "asked. Turn its fallbacks off for this name",
                again=True,
            )


def _meant(status: int, message: str) -> int:
    """Return the status that a refusal has by its words.

    Example:
        >>> _meant(400, "ThrottlingException: Too many requests"), _meant(400, "Model unloaded.")
        (429, 503)
    """
    if 400 <= status < 500 and status not in _AGAIN:
        if _THROTTLED.search(message):
            return 429
        if _LOADING.search(message):
            return 503
    return status


def next_step(words: str) -> str:
    """Return what to do about a server that answers nothing; empty where its words say so.

    Args:
        words: Of its refusal, or of what came between.

    Example:
        >>> next_step("status 400: no such model")
        "Check 'engine: options: base_url', and the model's name there ('model')."
    """
    if _STREAMS in words:
        return ""
    if words.startswith(("status 401", "status 403")) or _UNKNOWN_KEY in words:
        unset = "" if os.environ.get("OPENAI_API_KEY") else " (which is not set)"
        return (
            f"Check the key in the environment variable OPENAI_API_KEY{unset}, or in the one that "
            f"'engine: options: key_env' names."
        )
    if words.startswith("status 4") and not words.startswith(("status 408", "status 429")):
        return _step_after_refusal(words)
    return _step_on_the_way(words.lower())


def _step_on_the_way(words: str) -> str:
    """Return what to do about a server that is not reached.

    Args:
        words: What came between, in lower case.
    """
    if any(mark in words for mark in _PLAIN):
        return "The server speaks plain HTTP: write 'http://' in 'engine: options: base_url'."
    if any(mark in words for mark in _ENCRYPTED):
        return (
            "If the server speaks TLS, write 'https://' in 'engine: options: base_url'; else check "
            "that it runs."
        )
    if "certificate" in words and "mismatch" not in words and "not valid for" not in words:
        return (
            "If an authority of your own signed it, name the authority's certificate with 'engine: "
            "options: ca_cert_path'."
        )
    if "through the proxy" in words and "certificate" not in words:
        return "Check 'engine: options: proxy', or HTTPS_PROXY and HTTP_PROXY in the environment."
    return "Check 'engine: options: base_url', and that the server runs."


def _step_after_refusal(words: str) -> str:
    """Return what to do about a server that refuses what it is asked."""
    if "temperature" in words:
        return "If the model always samples, allow it with 'engine: options: drop: [temperature]'."
    if any(mark in words.lower() for mark in _ENCRYPTED):
        return "The server speaks TLS: write 'https://' in 'engine: options: base_url'."
    ends = ", which for most servers ends in '/v1'," if words.startswith("status 404") else ","
    return f"Check 'engine: options: base_url'{ends} and the model's name there ('model')."


def without(data: Any, secrets: Sequence[str]) -> Any:
    r"""Return data whose texts can be stored: without secrets, and without halves of characters.

    A server that cuts a text between the two halves of a character (a UTF-16 surrogate pair)
    leaves one of them, which no file takes.

    Args:
        data: What a server sent.
        secrets: Texts that are replaced by ``***``.

    Example:
        >>> without({"text": ["a key-1234", "\ud83d", "\ud83d\ude00"]}, ["key-1234"])
        {'text': ['a ***', '�', '😀']}
    """
    if isinstance(data, Mapping):
        return {without(key, secrets): without(value, secrets) for key, value in data.items()}
    if isinstance(data, list):
        return [without(value, secrets) for value in data]
    if not isinstance(data, str):
        return data
    for secret in secrets:
        data = data.replace(secret, "***")
    return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def redirection(response: httpx.Response) -> httpx.URL | None:
    """Return where a server has moved what was asked for, on the same host.

    Raises:
        FailedError: If the request would get elsewhere: to another host, which would see the
            prompts and the key, or there without its body.
    """
    if not response.has_redirect_location:
        return None
    here = response.url
    words = f"status {response.status_code}: the server redirects"
    try:
        target = here.join(response.headers["location"])
    except httpx.InvalidURL:
        raise FailedError(f"{words} to an invalid address", again=False) from None
    advice = f"{target}: if that is right, give it as 'base_url'"
    secured = (here.scheme, target.scheme) == ("http", "https")
    if target.host != here.host or (target.port != here.port and not secured):
        raise FailedError(f"{words} to another server, {advice}", again=False)
    if target.scheme != here.scheme and not secured:
        raise FailedError(f"{words} to an address without encryption, {advice}", again=False)
    if response.request.method != "GET" and response.status_code not in _KEEP_BODY:
        raise FailedError(f"{words} without the body of the request to {advice}", again=False)
    return target


def asked_pause(response: httpx.Response) -> float | None:
    """Return the seconds that a server asks to wait."""
    headers = response.headers
    try:
        if "retry-after-ms" in headers:
            return max(float(headers["retry-after-ms"]) / 1000, 0.0)
        value = headers.get("retry-after")
        if value is None:
            return None
        if value.strip().replace(".", "", 1).isdigit():
            return float(value)
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _parsed(content: bytes) -> tuple[Any, str]:
    """Return the data in a body and what is wrong with it; JSON is UTF-8, whatever a header says.

    Comments that keep a connection open may come first, as in an event stream.
    """
    content = content.lstrip()
    while content.startswith(b":"):
        content = content.partition(b"\n")[2].lstrip()
    try:
        return json.loads(content, object_pairs_hook=_object), ""
    except (ValueError, RecursionError) as error:
        return None, str(error).partition(":")[0]


def _streamed(content: bytes) -> tuple[Any, str]:
    """Return the response that a stream of events adds up to, and what is wrong with it."""
    try:
        return read_stream(content, lambda text: json.loads(text, object_pairs_hook=_object)), ""
    except (ValueError, RecursionError) as error:
        return None, str(error).partition(":")[0]


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: If it gives one key two values, of which either may be meant.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise ValueError(f"'{key}' has two values")
        found[key] = value
    return found


def _holds_error(data: Any) -> bool:
    return isinstance(data, dict) and bool(data.get("error"))


def _message(data: Any, text: str) -> str:
    """Return the server's own words."""
    found = data
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    if found is None or found == "":
        found = text or "no message"
    return (found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))[:_SHOWN]
