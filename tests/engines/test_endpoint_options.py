"""Options of an endpoint are read, or refused with what is allowed (S7)."""

import pytest

from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.errors import UsageError


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1",
        "http://localhost:8000/v1/",
        "http://localhost:8000/v1/completions",
        "http://localhost:8000/v1/chat/completions",
    ],
)
def test_a_url_may_name_the_server_or_what_is_asked(url):
    options = EndpointOptions.read({"base_url": url})
    assert options.url == "http://localhost:8000/v1/completions"
    chat = EndpointOptions.read({"base_url": url, "api": "chat"})
    assert chat.url == "http://localhost:8000/v1/chat/completions"


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "first")
    monkeypatch.setenv("TEAM_KEY", "second")
    url = "http://localhost:8000/v1"
    assert EndpointOptions.read({"base_url": url}).key == "first"
    named = EndpointOptions.read({"base_url": url, "key_env": "TEAM_KEY"})
    assert named.headers == {"Authorization": "Bearer second"}
    monkeypatch.delenv("OPENAI_API_KEY")
    assert EndpointOptions.read({"base_url": url}).headers == {}


def test_the_key_does_not_show(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in repr(EndpointOptions.read({"base_url": "http://localhost:8000/v1"}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "base_url is ''. Give the server's URL"),
        ({"base_url": "localhost:8000"}, "Give the server's URL"),
        ({"base_url": "http://me:sk-1@host/v1"}, "holds a user, a password or a query"),
        ({"base_url": "http://host/v1?key=sk-1"}, "holds a user, a password or a query"),
        ({"base_url": "http://host:99999/v1"}, "Give the server's URL"),
        ({"base_url": "http://host/v1", "extra_body": {"n": 4}}, "'n' is set by each task"),
        ({"base_url": "http://host/v1", "extra_body": {"stream": 1}}, "'stream' is set"),
        ({"base_url": "http://host/v1", "extra_body": {"seed": 1}}, "'seed' is set"),
        ({"base_url": "http://host/v1", "api_key": "sk-1"}, "OPENAI_API_KEY"),
        ({"base_url": "http://host/v1", "header": {}}, "does not belong in a file"),
        ({"base_url": "http://host/v1", "num_concurent": 4}, "Did you mean 'num_concurrent'"),
        ({"base_url": "http://host/v1", "trust_route": "yes"}, "trust_route is 'yes'; give true"),
        ({"base_url": "http://host/v1", "api": "messages"}, "'completions' or 'chat'"),
    ],
)
def test_wrong_options_are_refused_without_showing_a_key(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        EndpointOptions.read(options)
    assert "sk-1" not in str(caught.value)


def test_a_field_may_be_sent_with_the_value_that_it_has():
    body = {"stream": True, "n": 1, "user": "me"}
    found = EndpointOptions.read({"base_url": "http://host/v1", "extra_body": body})
    assert found.extra_body == body


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({}, False),
        ({"drop": ["temperature"]}, True),
        ({"extra_body": {"temperature": 1}}, True),
        ({"extra_body": {"temperature": 0}}, False),
    ],
)
def test_sampling_at_temperature_0_is_allowed_by_name(options, allowed):
    assert EndpointOptions.read({"base_url": "http://host/v1", **options}).samples_always is allowed


def test_a_key_is_read_without_the_line_end_of_its_file(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret\n")
    headers = EndpointOptions.read({"base_url": "http://host/v1"}).headers
    assert headers == {"Authorization": "Bearer sk-secret"}
