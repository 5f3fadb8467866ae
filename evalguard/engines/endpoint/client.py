"""Sends requests to a server, several at a time, and waits where waiting brings an answer."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.requests import Form
from evalguard.errors import EngineError

_AGAIN = frozenset({408, 409, 425, 429, *range(500, 600)})
"""Statuses after which the same request may be answered."""

_AWAY = frozenset({408, 429, 502, 503, 504, 529})
"""Of these, the ones of a server that is away or busy."""

_RATE_LIMITED = 429
_SPENT = ("insufficient_quota", "billing", "exceeded your current quota")
"""Says that no waiting helps."""

_LOST_ON_THE_WAY = 1 / 3
"""What a response that is cut or never comes counts against its request: it is no sign of one on
which the server fails."""

_ROOM_BACK = 0.2
"""Requests more at a time after each answer, once a server has asked for fewer."""

_WORTH_SAYING = 5.0
"""Seconds of waiting from which it is told."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0
_DOWN_TIMEOUT = 10.0
"""Seconds for a request to a server that has been given up, should it be back."""

_AT_FIRST = 30.0
"""Seconds in which a server that has never answered a request must begin to."""

_MODEL = "{model}"
"""Stands in a URL for the name of the model that is asked, as in Azure's deployments."""

_SHOWN = 300


class FailedError(Exception):
    """A request that was not answered.

    Attributes:
        again: Whether it may be answered if it is sent again.
        limited: Whether the server answers, and asks for fewer requests.
        away: Whether it is not the request on which the server fails.
        pause: Seconds that the server asks to wait; ``None`` where it does not say.
    """

    def __init__(
        self,
        words: str,
        *,
        again: bool,
        limited: bool = False,
        away: bool = False,
        pause: float | None = None,
    ) -> None:
        super().__init__(words)
        self.away = away
        self.again = again
        self.limited = limited
        self.pause = pause


@dataclass(slots=True)
class _Asked:
    """A request and how it fared.

    Attributes:
        position: Its place among those that are asked.
        body: Its fields.
        failures: Times that it failed.
        charged: How much of its attempts it has used up.
        first_failure: When it failed first.
        not_before: When it may be sent again.
        last_time: Whether it was put off until all others were done.
    """

    position: int
    body: Mapping[str, Any]
    failures: int = 0
    charged: float = 0.0
    first_failure: float = 0.0
    not_before: float = 0.0
    last_time: bool = False


class Client:
    """A server that is asked by HTTP.

    A request that fails while others are answered is sent again a few times, and once more when
    all others are done. Where nothing is answered, everything waits until the server is back, for
    at most ``max_wait`` seconds. A server that asks for fewer requests gets fewer.
    """

    def __init__(self, options: EndpointOptions) -> None:
        self._options = options
        self._http = httpx.Client(
            headers=dict(options.headers),
            params=dict(options.query),
            verify=options.verify,
            proxy=options.proxy,
            timeout=httpx.Timeout(options.timeout, connect=min(30.0, options.timeout)),
            limits=httpx.Limits(max_connections=options.num_concurrent),
            follow_redirects=True,
        )
        self._form = Form(rename=dict(options.rename), drop=set(options.drop))
        self._room = float(options.num_concurrent)
        self._pause_until = 0.0
        self._heard = 0.0  # when the server last answered anything
        self._down = self._ever = False
        self.waited = 0.0
        """Seconds in which nothing was sent because the server asked for it or did not answer."""

    @property
    def root(self) -> str:
        """URL of the server."""
        return self._options.root

    def get(self, path: str) -> Any:
        """Return what the server says under a path, as plain data.

        Raises:
            EngineError: If it cannot be reached or says no.
        """
        url = f"{self._options.root}/{path}".replace(_MODEL, self._options.model or "")
        until = time.monotonic() + min(self._options.max_wait, _AT_FIRST)
        while True:
            try:
                return self._read(self._http.get(url, timeout=30))
            except FailedError as error:
                if not error.again or time.monotonic() > until:
                    raise EngineError(self.words(error)) from None
                time.sleep(_FIRST_PAUSE if error.pause is None else min(error.pause, _AT_FIRST))
            except (httpx.HTTPError, OSError) as error:
                raise EngineError(self.words(error)) from None

    def post_all(self, bodies: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Any]]:
        """Send requests; yield each one's position and what came back, or the error.

        Yields:
            Position, each once, in any order, with plain data or an :class:`EngineError`.

        Raises:
            EngineError: If the server answers nothing any more.
        """
        waiting = deque(_Asked(position, body) for position, body in enumerate(bodies))
        put_off: deque[_Asked] = deque()
        running: dict[Future[Any], _Asked] = {}
        self._heard = time.monotonic()
        with ThreadPoolExecutor(self._options.num_concurrent) as threads:
            try:
                while waiting or put_off or running:
                    if not waiting and not running:
                        waiting, put_off = put_off, deque()
                    self._submit(threads, waiting, running)
                    if not running:
                        self._sleep(waiting)
                        continue
                    done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
                    for future in done:
                        asked, error = running.pop(future), future.exception()
                        if error is None:
                            self._hear()
                            yield asked.position, future.result()
                        elif self._is_hopeless(asked, error):
                            yield asked.position, EngineError(self.words(error))
                        elif self._used_up(asked, error):
                            asked.last_time = True
                            put_off.append(asked)
                        else:
                            self._check_patience(error)
                            self._later(asked)
                            waiting.append(asked)
            finally:
                for future in running:
                    future.cancel()

    @property
    def notes(self) -> list[str]:
        """What a user should know of how the server was asked."""
        changed = [f"'{name}' was sent as '{other}'" for name, other in self._form.rename.items()]
        changed += [f"'{name}' was not sent" for name in sorted(self._form.drop)]
        if self.waited > _WORTH_SAYING:
            changed.append(f"waited {self.waited:.0f} s until it answered again")
        return changed

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def words(self, error: BaseException) -> str:
        """Return an error's text without the key, should the server send it back."""
        text = " ".join(str(error).split()) or type(error).__name__
        for secret in filter(None, self._options.headers.values()):
            text = text.replace(secret, "***").replace(secret.removeprefix("Bearer "), "***")
        return text

    def _submit(
        self,
        threads: ThreadPoolExecutor,
        waiting: deque[_Asked],
        running: dict[Future[Any], _Asked],
    ) -> None:
        now = time.monotonic()
        if now < self._pause_until:
            return
        for _ in range(len(waiting)):
            if len(running) >= max(1, int(self._room)):
                return
            asked = waiting.popleft()
            if asked.not_before > now:
                waiting.append(asked)
            else:
                running[threads.submit(self._post, asked.body)] = asked

    def _sleep(self, waiting: deque[_Asked]) -> None:
        until = max(min(asked.not_before for asked in waiting), self._pause_until)
        pause = min(max(until - time.monotonic(), 0.01), 1.0)
        self.waited += pause
        time.sleep(pause)

    def _hear(self) -> None:
        """Note that the server answers."""
        self._heard, self._down, self._ever = time.monotonic(), False, True
        self._room = min(self._room + _ROOM_BACK, self._options.num_concurrent)

    def _is_hopeless(self, asked: _Asked, error: BaseException) -> bool:
        """Return whether it is no use to send a request again; raise what is no failure of it."""
        if not isinstance(error, FailedError | httpx.HTTPError | OSError):
            raise error
        if isinstance(error, FailedError) and not error.again:
            self._hear()
            return True
        if isinstance(error, FailedError) and error.limited:
            self._room = max(1.0, self._room / 2)
            if error.pause is not None:
                self._heard = time.monotonic()  # it answers, and says when
                self._pause_until = max(self._pause_until, self._heard + error.pause)
        return asked.last_time

    def _used_up(self, asked: _Asked, error: BaseException) -> bool:
        """Count a failure against a request where the server answered another meanwhile."""
        if asked.failures == 0:
            asked.first_failure = time.monotonic()
        asked.failures += 1
        if isinstance(error, FailedError):
            # A server that is away or busy fails alike on all that it is asked.
            heard = self._heard > asked.first_failure
            asked.charged += (heard or not error.away) and not error.limited
        elif isinstance(error, httpx.ReadTimeout):
            asked.charged += self._ever
        elif not isinstance(error, httpx.ConnectError):
            asked.charged += _LOST_ON_THE_WAY if self._ever else 0.0
        return asked.charged >= self._options.max_retries

    def _later(self, asked: _Asked) -> None:
        pause = min(_FIRST_PAUSE * 2 ** (asked.failures - 1), _LONGEST_PAUSE)
        asked.not_before = time.monotonic() + pause * (0.75 + 0.5 * (asked.position % 8) / 8)

    def _check_patience(self, error: BaseException) -> None:
        """End a run against a server that answers nothing.

        Raises:
            EngineError: If it was silent for longer than allowed.
        """
        silent = time.monotonic() - self._heard
        patience = self._options.max_wait if self._ever else min(self._options.max_wait, _AT_FIRST)
        if self._down or silent > patience:
            self._down = True
            raise EngineError(
                f"the server answered nothing for {silent:.0f} s (options: max_wait): "
                f"{self.words(error)}"
            )

    def _post(self, body: Mapping[str, Any]) -> Any:
        timeout = _DOWN_TIMEOUT if self._down else self._options.timeout
        while True:
            sent = self._form.write(body)
            payload = {**sent, **self._options.extra_body}
            try:
                url = self._options.url.replace(_MODEL, str(body.get("model", "")))
                return self._read(self._http.post(url, json=payload, timeout=timeout))
            except FailedError as failed:
                if failed.again or not self._form.adapt(str(failed), sent):
                    raise

    def _read(self, response: httpx.Response) -> Any:
        """Return the data of a response.

        Raises:
            FailedError: If it is an error, whatever its status.
        """
        text = response.text
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        status = response.status_code
        if response.is_success and data is None:
            raise FailedError(f"the server did not answer in JSON: {text[:80]!r}", again=True)
        if response.is_success and not _holds_error(data):
            return data
        if response.is_success:
            code = data["error"].get("code") if isinstance(data["error"], dict) else None
            status = int(str(code)) if str(code).isdigit() else 502
        words = f"status {status}: {_message(data, text)}"
        spent = any(mark in text.lower() for mark in _SPENT)
        pause = _pause(response)
        if pause is not None and pause > self._options.max_wait:
            raise FailedError(
                f"{words} The server asks to wait {pause:.0f} s, longer than max_wait", again=False
            )
        limited = status == _RATE_LIMITED and not spent
        raise FailedError(
            words,
            again=status in _AGAIN and not spent,
            limited=limited,
            away=response.status_code in _AWAY,
            pause=pause,
        )


def _holds_error(data: Any) -> bool:
    return isinstance(data, dict) and bool(data.get("error")) and not data.get("choices")


def _message(data: Any, text: str) -> str:
    """Return the server's own words."""
    found = data
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    if found is None or found == "":
        found = text or "no message"
    return (found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))[:_SHOWN]


def _pause(response: httpx.Response) -> float | None:
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
