"""Answers that are streamed, read as whole ones, and streams that are none (S1)."""

import json
from typing import Any

import httpx
import pytest

from evalguard.engines.endpoint.decoding import FailedError, read_response
from evalguard.engines.endpoint.replies import read_text
from evalguard.engines.endpoint.requests import Form, Generation

ASKED = Generation("Q", 8, (), False, {})
END = "[DONE]"


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice], **more}


def said(*texts: str) -> list[Any]:
    return [chunk({"content": text}) for text in texts]


def read(*events: Any, kind: str = "text/event-stream", between: str = "\n\n") -> Any:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in events]
    body = "".join(f"data: {text}{between}" for text in texts).encode()
    return read_response(
        httpx.Response(200, content=body, headers={"content-type": kind}), max_wait=1
    )


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([*said("4", "2"), chunk(finish="stop"), END], "42"),
        ([*said("4", "2"), chunk(finish="stop")], "42"),
        ([*said("4", "2"), END], "42"),  # without a reason to end
        ([chunk({"role": "assistant", "content": ""}), *said("42"), chunk({}, "stop"), END], "42"),
        ([*said("ha", "ha", "ha"), chunk({}, "stop")], "hahaha"),
        ([*said("4"), {"choices": [], "usage": {"completion_tokens": 1}}, END], "4"),
        ([*said("東", "京"), END], "東京"),
        ([chunk({"content": None, "reasoning_content": "Hm"}), *said("42"), END], "42"),
        ([chunk({"refusal": "I "}), chunk({"refusal": "can't."}, "stop")], "I can't."),
        (
            [{"choices": [{"text": "4"}]}, {"choices": [{"text": "2", "finish_reason": "stop"}]}],
            "42",
        ),
    ],
)
@pytest.mark.parametrize("between", ["\n\n", "\r\n\r\n"])
def test_pieces_add_up_to_the_answer(events, text, between):
    assert read_text(read(*events, between=between), ASKED) == text


def test_a_stream_is_known_by_its_first_line_as_well():
    assert read_text(read(*said("42"), END, kind="application/json"), ASKED) == "42"
    raw = b': OPENROUTER PROCESSING\n\ndata: {"choices": [{"text": "4"}]}\n\ndata: [DONE]\n\n'
    data = read_response(httpx.Response(200, content=raw), max_wait=1)
    assert read_text(data, ASKED) == "4"


def test_json_that_is_called_a_stream_is_json():
    raw = json.dumps({"choices": [{"text": "4"}]}).encode()
    headers = {"content-type": "text/event-stream"}
    assert read_response(httpx.Response(200, content=raw, headers=headers), max_wait=1)


def test_counts_and_log_probabilities_are_kept():
    parts = [
        {"choices": [{"text": "a", "logprobs": {"tokens": ["a"], "token_logprobs": [None]}}]},
        {"choices": [{"text": "b", "logprobs": {"tokens": ["b"], "token_logprobs": [-1.5]}}]},
        {"model": "m", "choices": [], "usage": {"prompt_tokens": 2}},
    ]
    data = read(*parts, END)
    assert data["choices"][0]["logprobs"] == {"tokens": ["a", "b"], "token_logprobs": [None, -1.5]}
    assert data["usage"] == {"prompt_tokens": 2}
    assert data["model"] == "m"


def test_choices_are_told_apart():
    other = {"choices": [{"index": 1, "delta": {"content": "x"}}]}
    assert read_text(read(*said("4"), other, *said("2"), END), ASKED) == "42"


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (said("4", "2"), "ended before the answer did"),
        ([*said("4", "42"), END], "may repeat the text"),
        ([*said("The", "The sea", "The sea is"), END], "may repeat the text"),
        ([END], "has no answer"),
        (["{", END], "Expecting"),
        ([[1], END], "unknown format"),
        ([{"choices": ["4"]}, END], "unknown format"),
    ],
)
def test_a_stream_that_is_no_answer_says_so(events, words):
    with pytest.raises(FailedError, match=f"streams its answers, .*{words}.*Turn streaming off"):
        read(*events)


def test_an_error_in_a_stream_is_an_error():
    with pytest.raises(FailedError, match="status 503: upstream died"):
        read(*said("4"), {"error": {"message": "upstream died", "code": 503}})


@pytest.mark.parametrize(
    "words",
    [
        "status 400: This model only support stream mode, please enable the stream parameter",
        "status 400: stream must be true",
        "status 422: Non-streaming requests are not supported",
        "status 400: parameter.enable_thinking must be set to false for non-streaming calls",
        "status 400: stream=False is not supported",
    ],
)
def test_a_server_that_answers_in_streams_alone_is_asked_for_one(words):
    form = Form()
    assert form.adapt(words, {"max_tokens": 4})
    assert form.write({"max_tokens": 4}) == {"max_tokens": 4, "stream": True}
    assert not form.adapt(words, form.write({"max_tokens": 4}))


def test_a_refusal_that_speaks_of_another_stream_changes_nothing():
    form = Form()
    words = "status 400: 'Where does the stream spring?' was flagged"
    assert form.adapt(words, {"max_tokens": 4})
    assert not form.adapt("status 400: flagged", form.write({"max_tokens": 4}))
    assert form.write({"max_tokens": 4}) == {"max_tokens": 4}
    assert not form.adapt(words, {"max_tokens": 4})


def test_one_refusal_does_not_end_the_streams_of_a_server_that_answers_in_them():
    form = Form(stream=True, sure=True)
    assert not form.adapt("status 400: flagged", form.write({"max_tokens": 4}))
    assert form.write({}) == {"stream": True}


@pytest.mark.parametrize("words", ["status 500: the upstream failed", "status 404: not found"])
def test_other_refusals_are_none_of_that(words):
    assert not Form().adapt(words, {"max_tokens": 4})
