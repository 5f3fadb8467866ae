"""The scripted server, and how its benchmark tells a hit from a miss."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.servers import rules
from benchmarks.servers.behaviours import BEHAVIOURS
from benchmarks.servers.behaviours.responses import SOME
from benchmarks.servers.checked import Checked
from benchmarks.servers.expected import CASES, Case
from benchmarks.servers.judged import judge
from benchmarks.servers.project import expected
from benchmarks.servers.scripted import Scripted, scripted_server
from benchmarks.servers.texts import tokenizer

QUESTION = "What is 12 plus 30?"
CHOICES = "12 plus 30?\nA. 42\nB. 45\nAnswer:"


def ask(server: Scripted, path: str = "", **body: Any) -> tuple[int, Any, dict[str, str]]:
    """Send a request and return status, body and headers."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        if body:
            content = json.dumps({"temperature": 0, **body})
            connection.request("POST", f"{parts.path}{path}", content)
        else:
            connection.request("GET", f"{parts.path}{path}")
        answer = connection.getresponse()
        content = answer.read().decode()
        return answer.status, json.loads(content), dict(answer.headers)
    finally:
        connection.close()


def chat(server: Scripted, text: str = QUESTION, **body: Any) -> tuple[int, Any, dict[str, str]]:
    messages = [{"role": "user", "content": text}]
    body = {"model": "base", "messages": messages, **body}
    return ask(server, "/chat/completions", **body)


def text_of(answer: tuple[int, Any, dict[str, str]]) -> str:
    status, body, _ = answer
    assert status == 200, body
    return str(body["choices"][0]["message"]["content"])


class TestPlain:
    def test_it_lists_its_models_with_their_context(self):
        with scripted_server() as server:
            listed = ask(server, "/models")[1]["data"]
        assert [entry["id"] for entry in listed] == list(rules.MODELS)
        assert {entry["max_model_len"] for entry in listed} == {512}

    def test_it_does_what_is_asked(self):
        with scripted_server() as server:
            assert text_of(chat(server)) == "42"
            assert text_of(chat(server, "Count from 10.", stop=[" 13"])) == "10 11 12"
            _, body, _ = chat(server, "Count from 10.", max_tokens=4)
            assert body["choices"][0]["finish_reason"] == "length"
            assert body["usage"]["completion_tokens"] == 4
            told = {text_of(chat(server, "Tell me about the dog.", temperature=1)) for _ in "ab"}
            assert len(told) == 2
            seeded = [
                text_of(chat(server, "Tell me about the dog.", temperature=1, seed=7)) for _ in "ab"
            ]
            assert seeded[0] == seeded[1]
            assert chat(server, model="other")[0] == 404

    def test_the_bad_model_is_wrong_on_half(self):
        right = [
            [
                rules.answer(model, f"What is {a} plus {b}?") == str(a + b)
                for a in range(20)
                for b in range(20)
            ]
            for model in rules.MODELS
        ]
        base, good, bad = (sum(one) / len(one) for one in right)
        assert base == good > 0.9
        assert 0.35 < bad < 0.55

    def test_an_echo_gives_each_token_of_text_and_of_ids_the_same(self):
        ids = tokenizer().encode(f"{CHOICES} A", add_special_tokens=False).ids
        body = {"model": "base", "echo": True, "logprobs": 1, "max_tokens": 1}
        with scripted_server() as server:
            of_text = ask(server, "/completions", prompt=f"{CHOICES} A", **body)[1]["choices"]
            of_ids = ask(server, "/completions", prompt=[ids, ids], **body)[1]["choices"]
        assert [choice["logprobs"] for choice in of_ids] == [of_text[0]["logprobs"]] * 2
        logprobs = of_text[0]["logprobs"]
        assert of_text[0]["text"] == "".join(logprobs["tokens"])
        assert logprobs["token_logprobs"][0] is None
        places = zip(logprobs["text_offset"], logprobs["tokens"], strict=True)
        assert all(of_text[0]["text"][offset:].startswith(token) for offset, token in places)

    def test_the_likelier_letter_is_the_right_one(self):
        body = {"model": "base", "echo": True, "logprobs": 1, "max_tokens": 1}
        with scripted_server() as server:
            right, wrong = (
                ask(server, "/completions", prompt=f"{CHOICES} {letter}", **body)[1]["choices"][0][
                    "logprobs"
                ]["token_logprobs"][-2]
                for letter in "AB"
            )
        assert right > wrong
        assert expected("choices", "base", CHOICES, "A") == (None, 1.0)


class TestBehaviours:
    @pytest.mark.parametrize("name", BEHAVIOURS)
    def test_each_says_what_it_does_and_is_checked(self, name):
        assert BEHAVIOURS[name].what
        assert any(case.behaviour.name == name for case in CASES)

    def test_some_questions_are_touched_and_remembered(self):
        asked = (f"What is {a} plus 30?" for a in range(10, 99))
        question = next(one for one in asked if rules.share("chosen", one) < SOME)
        with scripted_server("filter-empty") as server:
            _, body, _ = chat(server, question)
            assert body["choices"][0]["finish_reason"] == "content_filter"
            assert text_of(chat(server, "Hello")) == "ok."
            assert server.traffic.touched == {("base", question)}

    def test_the_rate_limit_says_when_to_come_again(self):
        before = time.time()
        with scripted_server("retry-after-date") as server:
            answers = [chat(server) for _ in range(41)]
        assert [answer[0] for answer in answers] == [200] * 40 + [429]
        again = parsedate_to_datetime(answers[-1][2]["Retry-After"]).timestamp()
        assert before < again < time.time() + 6

    def test_connections_are_cut_and_reset(self):
        with scripted_server("cut-body") as server:
            chat(server), chat(server)
            with pytest.raises(http.client.IncompleteRead):
                chat(server)
        with scripted_server("connection-reset") as server:
            [chat(server) for _ in range(4)]
            with pytest.raises(ConnectionResetError):
                chat(server)

    def test_an_unknown_behaviour_is_named(self):
        with (
            pytest.raises(ValueError, match="Did you mean 'filter-empty'"),
            scripted_server("filter-emty"),
        ):
            pass

    def test_a_broken_behaviour_is_found_out(self, monkeypatch):
        def broken(ask: Any, plain: Any) -> Any:
            raise KeyError("nothing")

        monkeypatch.setitem(BEHAVIOURS, "plain", replace(BEHAVIOURS["plain"], respond=broken))
        with scripted_server() as server, pytest.raises(http.client.RemoteDisconnected):
            chat(server)
        assert "KeyError" in server.traffic.faults[0]


def case(name: str) -> Case:
    return next(one for one in CASES if one.name == name)


class TestJudged:
    RIGHT = Checked(verdict="PASS", measured=(60, 60), unmeasured=(0, 0), touched=(0, 0))
    WORSE = replace(RIGHT, verdict="FAIL")
    MISSING = Checked(
        verdict="INCONCLUSIVE",
        message="finish_reason: content_filter",
        measured=(50, 50),
        unmeasured=(10, 10),
        touched=(10, 10),
    )

    def test_the_right_values_reach_the_target(self):
        assert not judge(case("plain"), self.RIGHT, self.WORSE).misses
        assert not judge(case("filter-empty"), self.MISSING, self.MISSING).misses

    @pytest.mark.parametrize(
        ("name", "good", "bad", "miss"),
        [
            ("plain", RIGHT, RIGHT, "worse: FALSE PASS"),
            ("plain", WORSE, WORSE, "as good: false FAIL"),
            ("plain", MISSING, WORSE, "20 samples lost"),
            ("plain", replace(RIGHT, n_wrong=1, wrong=("'' for '42'",)), WORSE, "1 wrong values"),
            ("filter-empty", RIGHT, WORSE, "as if nothing were wrong"),
            ("filter-empty", replace(MISSING, message="no text"), MISSING, "the message lacks"),
            ("filter-empty", replace(MISSING, touched=(9, 9)), MISSING, "where 18 were concerned"),
            ("wrong-key", Checked(verdict="ERROR", message="no"), MISSING, "the message lacks"),
            ("burst-503", Checked(verdict="TIMEOUT", seconds=60), WORSE, "did not end within 60 s"),
            ("plain", Checked(verdict="CRASH", message="KeyError: 1"), WORSE, "crashed: KeyError"),
        ],
    )
    def test_each_kind_of_miss_is_seen(self, name, good, bad, miss):
        assert any(miss in found for found in judge(case(name), good, bad).misses)
