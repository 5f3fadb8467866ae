"""Sends requests to a server, several at a time, and waits where waiting brings an answer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import httpx

from evalguard.engines.base import OnWait
from evalguard.engines.endpoint.decoding import FailedError, read_response, redirection, without
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.patience import AT_FIRST, Patience
from evalguard.engines.endpoint.requests import Form
from evalguard.engines.endpoint.secret_values import SHORTEST, secrets_of
from evalguard.engines.endpoint.transport import open_http, proxy_of
from evalguard.errors import EngineError

_LOST_ON_THE_WAY = 1 / 3
"""What a response that is cut or never comes counts against its request: it is no sign of one on
which the server fails."""

_ROOM_BACK = 0.2
"""Requests more at a time after each answer, once a server has asked for fewer."""

_FAILED_FOR_SIGN = 2
"""Failures of a request on a server that looks away after which it is asked for a sign of life."""

_SIGN_OF_LIFE = -1
"""Position of a request that is sent again because it was answered before."""

_WORTH_SAYING = 5.0
"""Seconds of waiting above which it is reported."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0
_DOWN_TIMEOUT = 10.0
"""Seconds for a request to a server that has been given up, should it be back."""

_MOST_REDIRECTIONS = 5

_ON_THE_WAY = (httpx.ProxyError, httpx.ConnectError, httpx.ConnectTimeout)
"""Errors that may be the proxy's."""

_MODEL = "{model}"
"""Placeholder in a URL for the name of the model, as in Azure's deployments."""


@dataclass(slots=True)
class _Asked:
    """A request and how it fared.

    Attributes:
        position: Its place among those that are asked.
        body: Its fields.
        failures: Times that it failed.
        charged: How much of its attempts it has used up.
        first_failure: When it failed first.
        unheard_since: From when on no other answer says that the server refuses it alone.
        not_before: When it may be sent again.
        last_time: Whether it was put off until all others were done.
        passed_over: Times that an earlier request was answered again while it was not.
        is_wanted: Whether somebody waits for it.
        is_over: Whether its thread has ended with it.
    """

    position: int
    body: Mapping[str, Any]
    failures: int = 0
    charged: float = 0.0
    first_failure: float = 0.0
    unheard_since: float = 0.0
    not_before: float = 0.0
    last_time: bool = False
    passed_over: int = 0
    is_wanted: bool = True
    is_over: bool = False


_Done = tuple[_Asked, Any, BaseException | None]


class Client:
    """A server that is asked by HTTP.

    A request that fails while others are answered is sent again a few times, and once more when all
    others are done. Where nothing is answered, everything waits until the server is back, for at
    most ``max_wait`` seconds. A server that asks for fewer requests gets fewer.

    Args:
        options: Where the server is, and how it is asked.
        on_wait: Called with what is waited for; see :class:`~evalguard.engines.base.Waiting`.
    """

    def __init__(self, options: EndpointOptions, on_wait: OnWait | None = None) -> None:
        self._options = options
        self._http = open_http(options)
        self._proxy = proxy_of(options)
        self._secrets = secrets_of(options)
        self._long_secrets = [one for one in self._secrets if len(one) >= SHORTEST]
        self._form = Form(rename=dict(options.rename), drop=set(options.drop))
        self._room = float(options.num_concurrent)
        self._pause_until = 0.0
        self._answered: Mapping[str, Any] | None = None
        self._signs = 0
        self._patience = Patience(options.root, max_wait=options.max_wait, on_wait=on_wait)
        # Kept, as its own questions are many calls of one or two requests.
        self._threads = ThreadPoolExecutor(options.num_concurrent)
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
        until = time.monotonic() + min(self._options.max_wait, AT_FIRST)
        self._patience.start()
        try:
            while True:
                try:
                    return self._sent("GET", url, timeout=30)
                except FailedError as error:
                    if not error.again or time.monotonic() > until:
                        raise EngineError(self.words(error)) from None
                    self._patience.fail(self.words(error))
                    self._patience.show()
                    time.sleep(_FIRST_PAUSE if error.pause is None else min(error.pause, AT_FIRST))
                except (httpx.HTTPError, OSError) as error:
                    raise EngineError(self.words(error)) from None
        finally:
            self._patience.end()

    def post_all(
        self, bodies: Sequence[Mapping[str, Any]], *, at_a_time: int | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Send requests; yield each one's position and what came back, or the error.

        Args:
            bodies: Their fields.
            at_a_time: Most requests under way, where fewer than the options allow.

        Yields:
            Position, each once, in any order, with plain data or an :class:`EngineError`.

        Raises:
            EngineError: If the server answers nothing any more.
        """
        waiting = deque(_Asked(position, body) for position, body in enumerate(bodies))
        put_off: deque[_Asked] = deque()
        running: dict[int, _Asked] = {}
        most = at_a_time or self._options.num_concurrent
        # Not concurrent.futures.wait: interrupted, it keeps the locks that the threads end with.
        done: SimpleQueue[_Done] = SimpleQueue()
        self._patience.start()
        try:
            while waiting or put_off or running:
                if not waiting and not running:
                    waiting, put_off = put_off, deque()
                self._submit(waiting, running, done, most)
                self._patience.show()
                if not running:
                    self._sleep(waiting)
                    continue
                try:
                    asked, data, error = done.get(timeout=1.0)
                except Empty:
                    continue
                del running[id(asked)]
                if error is None:
                    self._hear()
                if asked.position == _SIGN_OF_LIFE:
                    if error is None:  # the failures were those of what is left
                        _charge([*waiting, *running.values()])
                    continue
                if error is None:
                    self._answered = self._answered or asked.body
                    yield asked.position, data
                    continue
                self._note(error)
                if self._is_hopeless(asked, error):
                    yield asked.position, EngineError(self.words(error))
                    continue
                again = self._put_back(asked, error, waiting, put_off)
                waiting.extend(self._sign_of_life([*waiting, *running.values()], again))
        finally:
            self._patience.end()
            for asked in running.values():
                asked.is_wanted = False
            while not all(asked.is_over for asked in running.values()):
                time.sleep(0.01)  # an interrupt may have lost what was taken from the queue

    @property
    def notes(self) -> list[str]:
        """What a user should know of how the server was asked."""
        changed = [f"'{name}' was sent as '{other}'" for name, other in self._form.rename.items()]
        changed += [f"'{name}' was not sent" for name in sorted(self._form.drop)]
        if self._form.stream:
            changed.append("'stream: true' was sent, and the answers were read as streams")
        if self.waited > _WORTH_SAYING:
            changed.append(f"waited {self.waited:.0f} s for it to respond again")
        return changed

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown()
        self._http.close()

    def words(self, error: BaseException) -> str:
        """Return an error's text without the key, should the server send it back."""
        text = " ".join(str(error).split()) or type(error).__name__
        if self._proxy and isinstance(error, _ON_THE_WAY):
            text = f"{text} (through the proxy {self._proxy})"
        return str(without(text, self._secrets))

    def _submit(
        self,
        waiting: deque[_Asked],
        running: dict[int, _Asked],
        done: SimpleQueue[_Done],
        most: int,
    ) -> None:
        now = time.monotonic()
        if now < self._pause_until:
            return
        for _ in range(len(waiting)):
            if len(running) >= min(max(1, int(self._room)), most):
                return
            asked = waiting.popleft()
            if asked.not_before > now:
                waiting.append(asked)
            else:
                asked.is_over = False
                self._threads.submit(self._send, asked, done)
                running[id(asked)] = asked

    def _put_back(
        self,
        asked: _Asked,
        error: BaseException,
        waiting: deque[_Asked],
        put_off: deque[_Asked],
    ) -> bool:
        """Let a request that failed be sent again; return whether that is before all others end.

        Raises:
            EngineError: If the server answers nothing any more.
        """
        if self._used_up(asked, error) and not asked.last_time:
            asked.last_time = True
            put_off.append(asked)
            return False
        self._patience.check(self.words(error))
        self._later(asked)
        waiting.append(asked)
        return True

    def _sign_of_life(self, left: Sequence[_Asked], again: bool) -> list[_Asked]:
        """Return a request that was answered before, where all that are left fail again and again.

        A server that answers it is not away: it fails on what it is asked.
        """
        if not again or self._answered is None:
            return []
        if any(one.failures < _FAILED_FOR_SIGN for one in left):
            return []
        if self._patience.heard_at > min(one.unheard_since for one in left):
            return []
        self._signs += 1
        # Another seed, so that no cache answers for a server that is away.
        seed = {"seed": self._answered["seed"] + self._signs} if "seed" in self._answered else {}
        return [_Asked(_SIGN_OF_LIFE, {**self._answered, **seed})]

    def _sleep(self, waiting: deque[_Asked]) -> None:
        until = max(min(asked.not_before for asked in waiting), self._pause_until)
        pause = min(max(until - time.monotonic(), 0.01), 1.0)
        self.waited += pause
        time.sleep(pause)

    def _hear(self) -> None:
        """Note that the server answers."""
        self._patience.hear()
        self._room = min(self._room + _ROOM_BACK, self._options.num_concurrent)

    def _note(self, error: BaseException) -> None:
        """Note what a failed request says of the server; raise what is no failure of one."""
        if not isinstance(error, FailedError | httpx.HTTPError | OSError):
            raise error
        if not isinstance(error, FailedError):
            self._patience.fail(self.words(error))
            return
        if not error.again:
            self._hear()
            return
        self._patience.fail(self.words(error), limited=error.limited, pause=error.pause)
        if error.limited or error.away:
            self._room = max(1.0, self._room / 2)
            if error.pause is not None:
                self._pause_until = max(self._pause_until, time.monotonic() + error.pause)

    def _used_up(self, asked: _Asked, error: BaseException) -> bool:
        """Count a failure against a request if the server answered another one in the meantime."""
        if asked.failures == 0:
            asked.first_failure = asked.unheard_since = time.monotonic()
        asked.failures += 1
        if self._patience.heard_at > asked.unheard_since:
            asked.unheard_since = time.monotonic()
        if isinstance(error, FailedError):
            # A server that is away or busy fails alike on all that it is asked.
            heard = self._patience.heard_at > asked.first_failure
            away = error.away or (error.failing and self._patience.ever)
            asked.charged += (heard or not away) and not error.limited
        elif isinstance(error, httpx.ReadTimeout | httpx.DecodingError):
            asked.charged += self._patience.ever
        elif not isinstance(error, httpx.ConnectError):
            asked.charged += _LOST_ON_THE_WAY if self._patience.ever else 0.0
        return asked.charged >= self._options.max_retries

    def _is_hopeless(self, asked: _Asked, error: BaseException) -> bool:
        """Return whether it is no use to send a request that failed again."""
        if not isinstance(error, FailedError):
            return asked.last_time
        over = not error.limited or asked.passed_over >= self._options.max_retries
        return not error.again or (asked.last_time and over)

    def _later(self, asked: _Asked) -> None:
        pause = min(_FIRST_PAUSE * 2 ** (asked.failures - 1), _LONGEST_PAUSE)
        asked.not_before = time.monotonic() + pause * (0.75 + 0.5 * (asked.position % 8) / 8)

    def _send(self, asked: _Asked, done: SimpleQueue[_Done]) -> None:
        """Send a request in a thread, unless it is no longer wanted, and say that it is done."""
        data = failure = None
        try:
            data = self._post(asked.body) if asked.is_wanted else None
        except BaseException as error:  # noqa: BLE001 (raised where the answers are read)
            failure = error
        asked.is_over = True
        done.put((asked, data, failure))

    def _post(self, body: Mapping[str, Any]) -> Any:
        timeout = _DOWN_TIMEOUT if self._patience.down else self._options.timeout
        url = self._options.url.replace(_MODEL, str(body.get("model", "")))
        while True:
            sent = self._form.write(body)
            payload = {**sent, **self._options.extra_body}
            try:
                data = self._sent("POST", url, json=payload, timeout=timeout)
            except FailedError as failed:
                if failed.again or not self._form.adapt(str(failed), sent):
                    raise
            else:
                self._form.sure = self._form.sure or "stream" in sent
                return data

    def _sent(self, method: str, url: str, **fields: Any) -> Any:
        """Send one request, to where the server has moved on its host, and return the data.

        Raises:
            FailedError: If the server answers by none.
        """
        target: httpx.URL | str = url
        for _ in range(_MOST_REDIRECTIONS):
            response = self._http.request(method, target, **fields)
            moved = redirection(response)
            if moved is None:
                return without(
                    read_response(response, max_wait=self._options.max_wait), self._long_secrets
                )
            target = moved
        raise FailedError(f"the server redirected {url} {_MOST_REDIRECTIONS} times", again=False)


def _charge(failed: Iterable[_Asked]) -> None:
    """Count all failures of requests against them."""
    for one in failed:
        one.charged = max(one.charged, one.failures)
        one.passed_over += 1
        one.unheard_since = time.monotonic()
