"""Responses as data, or as the reason why there is none (S1, S6, S7)."""

import gzip
import json
from typing import Any

import httpx
import pytest

from evalguard.engines.endpoint.decoding import (
    FailedError,
    asked_pause,
    read_response,
    redirection,
    without,
)

DATA = {"choices": [{"index": 0, "text": "é"}]}
RAW = json.dumps(DATA, ensure_ascii=False).encode()
HERE = "http://host:8000/v1/completions"


def response(content: bytes = RAW, status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, content=content, headers=named, request=httpx.Request("POST", HERE)
    )


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (RAW, {}),
        (b"\xef\xbb\xbf" + RAW, {}),
        (b": keep-alive\n\n: keep-alive\r\n" + RAW, {}),
        (b"\n\n   " + RAW, {}),
        (gzip.compress(RAW, mtime=0), {"content_encoding": "gzip"}),
        (RAW, {"content_type": "application/json; charset=iso-8859-1"}),
        (json.dumps(DATA).encode("utf-16"), {}),
    ],
)
def test_json_is_read_whatever_is_around_it(content, headers):
    assert read_response(response(content, **headers), max_wait=1) == DATA


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (RAW + b"\n" + RAW, "Extra data"),
        (RAW[:-1] + b",}", "not answer in JSON"),
        (RAW[:-1] + b', "choices": []}', "'choices' has two values"),
        (b'{"choices": [{"text": "a", "text": "b"}]}', "'text' has two values"),
        (b"", "not answer in JSON"),
        (b": only a comment\n", "not answer in JSON"),
        (b'{"text": "\xff"}', "not answer in JSON"),
        (b"[" * 100_000, "not answer in JSON"),
        (b"data: {}\n\ndata: [DONE]\n\n", "streams its answers"),
    ],
)
def test_what_is_no_json_may_be_asked_again(content, words):
    with pytest.raises(FailedError, match=words) as caught:
        read_response(response(content), max_wait=1)
    assert caught.value.again


@pytest.mark.parametrize(
    ("status", "words", "limited", "away"),
    [
        (
            400,
            "ThrottlingException: Too many requests, please wait.",
            True,
            True,
        ),
        (403, "Rate limit exceeded for tokens per minute", True, True),
        (422, "quota of requests per minute reached", True, True),
        (400, "Model unloaded.", False, True),
        (404, "The model good is still loading, try again", False, True),
        (424, "model 'good' is warming up", False, True),
    ],
)
def test_what_passes_is_waited_for_whatever_its_status(status, words, limited, away):
    body = json.dumps({"error": {"message": words}}).encode()
    with pytest.raises(FailedError, match=f"status {status}: ") as caught:
        read_response(response(body, status), max_wait=60)
    found = caught.value
    assert (found.again, found.limited, found.away) == (True, limited, away)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "This model's maximum context length is 16 tokens"),
        (404, "The model `good` does not exist."),
        (401, "Incorrect API key provided"),
        (400, "You exceeded your current quota, insufficient_quota, rate limit"),
    ],
)
def test_what_does_not_pass_is_not_asked_again(status, words):
    body = json.dumps({"error": {"message": words}}).encode()
    with pytest.raises(FailedError) as caught:
        read_response(response(body, status), max_wait=60)
    assert not caught.value.again


@pytest.mark.parametrize(
    "header", ["x_litellm_attempted_fallbacks", "cf_aig_step", "helicone_fallback_index"]
)
def test_what_a_fallback_of_the_gateway_answered_is_no_answer(header):
    assert read_response(response(b"{}", 200, **{header: "0"}), max_wait=1) == {}
    with pytest.raises(FailedError, match="fallback of the gateway answered"):
        read_response(response(b"{}", 200, **{header: "1"}), max_wait=1)


def test_a_key_that_says_the_same_twice_is_read():
    assert read_response(response(b'{"a": 1, "a": 1}'), max_wait=1) == {"a": 1}


def test_a_pause_longer_than_allowed_is_not_waited_for():
    with pytest.raises(FailedError, match="asks to wait 90 s, longer than max_wait") as caught:
        read_response(response(b"{}", 429, retry_after="90"), max_wait=60)
    assert not caught.value.again


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "3"}, 3.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_pause_that_a_server_asks_for_is_read(headers, seconds):
    assert asked_pause(response(b"", 429, **headers)) == seconds


def moved(status: int, location: str, method: str = "POST") -> Any:
    request = httpx.Request(method, HERE)
    found = httpx.Response(status, headers={"location": location}, request=request)
    return redirection(found)


@pytest.mark.parametrize(
    ("status", "location", "target"),
    [
        (307, "/gateway/v1/completions", "http://host:8000/gateway/v1/completions"),
        (308, "https://host/v1/completions", "https://host/v1/completions"),
    ],
)
def test_a_server_that_moved_on_its_host_is_followed(status, location, target):
    assert str(moved(status, location)) == target
    assert redirection(response()) is None


@pytest.mark.parametrize(
    ("status", "location", "words"),
    [
        (307, "https://other/v1/completions", "to another server, https://other/v1/completions"),
        (307, "http://host:9000/v1/completions", "to another server"),
        (301, "https://host/v1/completions", "without the body"),
        (302, "/login", "without the body of the request to http://host:8000/login"),
        (303, "/done", "without the body"),
        (307, "http://host:port/v1", "to an invalid address"),
    ],
)
def test_elsewhere_nothing_is_sent(status, location, words):
    with pytest.raises(FailedError, match=words) as caught:
        moved(status, location)
    assert not caught.value.again


def test_encryption_is_not_given_up():
    request = httpx.Request("POST", "https://host/v1/completions")
    plain = httpx.Response(307, headers={"location": "http://host:443/v1"}, request=request)
    with pytest.raises(FailedError, match=r"without encryption|another server"):
        redirection(plain)


def test_a_list_of_models_may_move_by_any_status():
    assert str(moved(302, "/v2/models", "GET")) == "http://host:8000/v2/models"


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"choices": [{"text": "a\ud83d"}]}, {"choices": [{"text": "a\ufffd"}]}),
        (["\ude00\ud83d"], ["\ufffd\ufffd"]),
        ({"\udcff": "\ud83d\ude00"}, {"\ufffd": "😀"}),
        ({"text": "Bearer sk-12345678, sk-12345678"}, {"text": "Bearer ***, ***"}),
        (
            {"n": 3, "ok": True, "none": None, "x": -0.5},
            {"n": 3, "ok": True, "none": None, "x": -0.5},
        ),
    ],
)
def test_what_no_file_takes_and_what_is_secret_is_taken_out(data, kept):
    found = without(data, ["sk-12345678"])
    assert found == kept
    json.dumps(found, ensure_ascii=False).encode()
