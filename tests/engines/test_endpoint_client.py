"""Waiting where waiting brings an answer, and giving up where it does not (S6, S7)."""

import itertools
import threading
import time
from collections import Counter
from typing import Any

import pytest

from evalguard.engines.base import Waiting
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.patience import Patience
from evalguard.errors import EngineError
from tests.engines.servers import replying_server

pytestmark = pytest.mark.usefixtures("short_pauses")

DONE = {"choices": [{"index": 0, "message": {"content": "fine"}}]}


def ask(reply: Any, number: int = 20, **options: Any) -> tuple[list[Any], Client]:
    with replying_server(reply) as url:
        given = {"base_url": url, "api": "chat", "max_wait": 20, **options}
        client = Client(EndpointOptions.read(given))
        try:
            bodies = [{"n": n, "seed": 1, "max_tokens": 4} for n in range(number)]
            return [
                found for _, found in sorted(client.post_all(bodies), key=lambda p: p[0])
            ], client
        finally:
            client.close()


def test_a_server_that_is_away_is_waited_for():
    calls = itertools.count()

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return (503, {"error": "loading"}) if 5 < next(calls) < 40 else (200, DONE)

    found, _ = ask(reply)
    assert found == [DONE] * 20


def test_a_request_that_always_fails_costs_itself_alone():
    counted: Counter[int] = Counter()

    def reply(path: str, body: Any) -> tuple[int, Any]:
        counted[body["n"]] += 1
        return (500, {"error": "poison"}) if body["n"] == 3 else (200, DONE)

    found, _ = ask(reply)
    assert [one for one in found if one == DONE] == [DONE] * 19
    assert isinstance(found[3], EngineError)
    assert "poison" in str(found[3])
    assert counted[3] < 12


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        *((status, {}) for status in (429, 500, 503, 520)),
        (429, {"Retry-After": "0.1"}),
        pytest.param(503, {"Retry-After": "0.1"}, marks=pytest.mark.slow),
    ],
)
def test_requests_that_alone_are_refused_for_ever_are_given_up(status, headers):
    """As by a limit of tokens a minute that a single request exceeds."""

    def reply(path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if body["n"] in (3, 7):
            return status, {"error": "too large"}, headers
        return 200, DONE, {}

    found, _ = ask(reply)
    assert [n for n, one in enumerate(found) if one != DONE] == [3, 7]
    assert "too large" in str(found[3])


@pytest.mark.parametrize("status", [425, 500, 503, 520, 529])
def test_a_burst_on_all_requests_costs_none(status):
    begun: list[float] = []

    def reply(path: str, body: Any) -> tuple[int, Any]:
        begun.append(time.monotonic())
        is_down = len(begun) > 5 and time.monotonic() - begun[5] < 0.6
        return (status, {"error": "burst"}) if is_down else (200, DONE)

    found, _ = ask(reply)
    assert found == [DONE] * 20


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_request_on_which_a_gateway_always_fails_costs_itself_alone(status):
    """The last one that is left, so that no other is answered meanwhile."""

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return (status, {"error": "bad gateway"}) if body["n"] == 3 else (200, DONE)

    found, client = ask(reply, number=5, max_wait=60, max_retries=1)
    assert found[:3] + found[4:] == [DONE] * 4
    assert str(found[3]) == f"status {status}: bad gateway"
    assert client.waited < 10


def test_a_server_that_gives_no_sign_of_life_is_waited_for():
    calls = itertools.count()

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return (502, {"error": "restarting"}) if 4 < next(calls) < 9 else (200, DONE)

    found, _ = ask(reply, number=6, num_concurrent=1, max_retries=1)
    assert found == [DONE] * 6


def test_no_cache_answers_for_a_server_that_is_away():
    calls = itertools.count()
    cache: dict[str, Any] = {}

    def reply(path: str, body: Any) -> tuple[int, Any]:
        known = cache.setdefault(str(sorted(body.items())), next(calls))
        return (502, {"error": "restarting"}) if 2 < next(calls) < 14 and known else (200, DONE)

    found, _ = ask(reply, number=3, num_concurrent=1, max_retries=1)
    assert found == [DONE] * 3


def test_its_threads_end_when_it_is_closed():
    def own() -> set[threading.Thread]:
        return {one for one in threading.enumerate() if "ThreadPoolExecutor" in one.name}

    before = own()
    found, _ = ask(lambda path, body: (200, DONE))
    assert found == [DONE] * 20
    assert own() <= before


def test_one_slot_is_one():
    lock, active, most = threading.Lock(), [0], [0]

    def reply(path: str, body: Any) -> tuple[int, Any]:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
        time.sleep(0.005)
        with lock:
            active[0] -= 1
        return 200, DONE

    found, _ = ask(reply, num_concurrent=1)
    assert found == [DONE] * 20
    assert most == [1]


def test_too_many_at_a_time_become_fewer():
    lock, active = threading.Lock(), [0]

    def reply(path: str, body: Any) -> tuple[int, Any]:
        with lock:
            active[0] += 1
            over = active[0] > 2
        time.sleep(0.005)
        with lock:
            active[0] -= 1
        return (429, {"error": "two at a time"}) if over else (200, DONE)

    found, _ = ask(reply, number=60)
    assert found == [DONE] * 60


def test_a_server_that_is_gone_is_given_up_once_for_all():
    def reply(path: str, body: Any) -> tuple[int, Any]:
        return 503, {"error": "gone for good"}

    with replying_server(reply) as url:
        client = Client(EndpointOptions.read({"base_url": url, "api": "chat", "max_wait": 1}))
        started = time.monotonic()
        for _ in range(4):
            with pytest.raises(EngineError, match="gone for good") as raised:
                list(client.post_all([{"n": n} for n in range(20)]))
            assert "for 0 s" not in str(raised.value)
        assert time.monotonic() - started < 30
        client.close()


def test_a_spent_quota_is_not_waited_for():
    calls = itertools.count()

    def reply(path: str, body: Any) -> tuple[int, Any]:
        next(calls)
        return 429, {"error": {"message": "You exceeded your current quota", "code": "x"}}

    found, _ = ask(reply, number=3)
    assert all("exceeded your current quota" in str(one) for one in found)
    assert next(calls) == 3


def test_an_error_with_status_200_is_an_error():
    def reply(path: str, body: Any) -> tuple[int, Any]:
        return 200, {"error": {"message": "context overflow", "code": 400}}

    found, _ = ask(reply, number=2)
    assert [str(one) for one in found] == ["status 400: context overflow"] * 2


def test_fields_that_a_server_refuses_are_renamed_or_left_out_and_told():
    def reply(path: str, body: Any) -> tuple[int, Any]:
        if "max_tokens" in body:
            return 400, {"error": "'max_tokens' is not supported, use 'max_completion_tokens'"}
        if "seed" in body:
            return 422, {"detail": "seed: Extra inputs are not permitted"}
        return 200, DONE

    found, client = ask(reply)
    assert found == [DONE] * 20
    assert client.notes == [
        "'max_tokens' was sent as 'max_completion_tokens'",
        "'seed' was not sent",
    ]


def test_azure_is_asked_by_its_path_query_and_header(monkeypatch):
    seen: list[str] = []

    def reply(path: str, body: Any) -> tuple[int, Any]:
        seen.append(path)
        return 200, DONE

    monkeypatch.setenv("AZURE_KEY", "sk-azure")
    options = {"query": {"api-version": "2024-10-21"}, "key_env": "AZURE_KEY"}
    _, client = ask(reply, number=1, **options, key_header="api-key", extra_body={"user": "me"})
    assert seen == ["/v1/chat/completions?api-version=2024-10-21"]
    assert client._options.headers == {"api-key": "sk-azure"}


def waits(reply: Any, **options: Any) -> tuple[list[Waiting | None], list[Any]]:
    """Return what was shown of waiting, and what came back."""
    shown: list[Waiting | None] = []
    with replying_server(reply) as url:
        given = {"base_url": url, "api": "chat", "max_wait": 20, **options}
        client = Client(EndpointOptions.read(given), shown.append)
        try:
            return shown, [found for _, found in client.post_all([{"n": 1}, {"n": 2}])]
        finally:
            client.close()


def test_waiting_is_shown_with_its_reason_and_its_end():
    started = time.monotonic()

    def reply(path: str, body: Any) -> tuple[int, Any]:
        loading = time.monotonic() - started < 2.2  # two lines
        return (503, {"error": "Loading model"}) if loading else (200, DONE)

    shown, found = waits(reply)
    assert found == [DONE, DONE]
    assert shown[-1] is None
    lines = [one for one in shown if one]
    assert lines
    assert all(one.reason == "status 503: Loading model" for one in lines)
    assert [one.seconds for one in lines] == sorted(one.seconds for one in lines)
    assert all(15 < one.left + one.seconds < 21 for one in lines)


def test_nothing_is_shown_where_nothing_is_waited_for():
    shown, found = waits(lambda path, body: (200, DONE))
    assert (shown, found) == ([], [DONE, DONE])


def test_the_pause_that_is_asked_for_comes_on_top_of_the_budget(monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    shown: list[Waiting | None] = []
    patience = Patience("http://host/v1", max_wait=20, on_wait=shown.append)
    patience.start()
    patience.fail("status 429: slow down", limited=True, pause=10)
    now += 2
    patience.show()
    patience.show()  # no second line within a second
    patience.hear()
    assert [one and one.left for one in shown] == [28, None]


def test_a_list_of_models_is_waited_for_and_shown():
    calls = itertools.count()
    shown: list[Waiting | None] = []

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return (503, {"error": "starting"}) if next(calls) < 30 else (200, {"data": []})

    with replying_server(reply) as url:
        client = Client(EndpointOptions.read({"base_url": url}), shown.append)
        assert client.get("models") == {"data": []}
        client.close()
    assert shown[-1] is None
    assert shown[0]
    assert shown[0].reason == "status 503: starting"


def test_a_limit_that_never_ends_is_given_up():
    with replying_server(lambda path, body: (429, {"error": "slow down"})) as url:
        client = Client(EndpointOptions.read({"base_url": url, "max_wait": 2}))
        with pytest.raises(EngineError, match=r"no response from the server for .* slow down"):
            list(client.post_all([{"n": 1}]))
        client.close()


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("anthropic-version", "2023-06-01", None),
        ("X-Tenant", "production", None),
        ("Accept-Language", "en-GB, English", None),
        ("X-Auth", "letmein-now", "letmein-now"),
        ("api-key", "0123456789ab", "0123456789ab"),
        ("X-Session-TOKEN", "0123456789ab", "0123456789ab"),
        ("Client-Secret", "0123456789ab", "0123456789ab"),
        ("Cookie", "session=0123456789ab", "session=0123456789ab"),
        ("Proxy-Authorization", "Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("X-Api-Key", "short", None),
    ],
)
def test_values_of_headers_that_are_named_as_secrets_are_hidden(monkeypatch, name, value, hidden):
    monkeypatch.setenv("HEADER", value)
    said = f"In {value} it is so."

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return 200, {"choices": [{"index": 0, "message": {"content": said}}]}

    (found,), _ = ask(reply, number=1, headers_env={name: "HEADER"})
    kept = said if hidden is None else said.replace(hidden, "***")
    assert found["choices"][0]["message"]["content"] == kept


@pytest.mark.parametrize("key", ["sk-12345678", "tiny"])
def test_the_key_is_hidden_in_errors_whatever_its_length_and_header(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return 400, {"error": f"{key} is unknown in production"}

    monkeypatch.setenv("TENANT", "production")
    options = {"key_header": "X-Caller", "headers_env": {"X-Tenant": "TENANT"}}
    (found,), _ = ask(reply, number=1, **options)
    assert "*** is unknown in production" in str(found)
    assert key not in str(found)
