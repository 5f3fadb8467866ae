"""Servers that do not do as they are asked are found out before they are measured (S3, S5)."""

import itertools
import math
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from evalguard.engines.base import BASE
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.engines.endpoint.first_answers import FIRST
from evalguard.engines.endpoint.listing import listed_models
from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.engines.endpoint.probes import Probes
from evalguard.engines.endpoint.witness import Witness
from evalguard.errors import EngineError, TrustError
from tests.engines import questions
from tests.engines.servers import opened, replying_server
from tests.engines.test_endpoint import LISTED, completions

pytestmark = pytest.mark.usefixtures("short_pauses")

Say = Callable[[dict[str, Any]], str]
"""Returns the text of an answer."""


@pytest.fixture
def served(base):
    """Open a chat server that answers what a function says, and close it in the end."""
    with_servers = []

    def serve(say: Say, **options: Any) -> EndpointEngine:
        def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
            if body is None:
                return 200, LISTED
            message = {"content": say(body)}
            return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

        server = replying_server(reply)
        with_servers.append(server)
        return opened(server.__enter__(), base, api="chat", **options)

    yield serve
    for server in with_servers:
        server.__exit__(None, None, None)


def asked(body: dict[str, Any]) -> str:
    """Return what a user says, as an answer that does not begin with it."""
    return f"to {body['messages'][0]['content']}"


def greedy(number: int = 9) -> list[Any]:
    return [(BASE, questions.generation(f"question {n}")) for n in range(number)]


def drawn(number: int = 3) -> list[Any]:
    settings = {"do_sample": True, "temperature": 1.0}
    return [(BASE, questions.generation(f"q {n}", **settings, seed=n)) for n in range(number)]


class TestDraws:
    def test_seeds_that_are_ignored_are_told(self, served):
        engine = served(
            lambda body: f"{asked(body)} {random.random() if body['temperature'] else ''}"
        )
        assert len(engine.respond(drawn())) == 3
        assert [note for note in engine.notes if "the same seed gave different answers" in note]

    def test_seeds_that_are_kept_are_no_news(self, served):
        engine = served(lambda body: f"{asked(body)} {body['seed'] if body['temperature'] else ''}")
        assert len(set(engine.respond(drawn()))) == 3
        assert not engine.notes

    @pytest.mark.parametrize("kind", ["no temperature", "one seed", "a cache"])
    def test_draws_that_are_all_the_same_are_none(self, served, kind):
        cache: dict[str, str] = {}

        def say(body: dict[str, Any]) -> str:
            if kind == "a cache":
                return cache.setdefault(asked(body), str(random.random()))
            return asked(body) + (" seed 1" if kind == "one seed" else "")

        with pytest.raises(EngineError, match=r"ignores 'temperature' or 'seed', or .* cache"):
            served(say).respond(drawn())


class TestGreedy:
    @staticmethod
    def say(body: dict[str, Any]) -> str:
        return f"{body['model']}: {asked(body)} {random.random()}"

    def test_a_server_that_samples_all_the_same_is_an_error(self, served):
        engine = served(self.say)
        engine.load_adapter("twin", "adapters/twin")
        for model in (BASE, "twin"):
            with pytest.raises(EngineError, match=r"pairs of answers .* differ at temperature 0"):
                engine.respond([(model, questions.generation("a"))])

    def test_it_may_where_the_user_sends_no_temperature(self, served):
        engine = served(self.say, drop=["temperature"])
        engine.load_adapter("twin", "adapters/twin")
        assert len(engine.respond([("twin", questions.generation("a"))])) == 1
        assert any("got different answers at temperature 0" in note for note in engine.notes)

    def test_a_few_answers_that_vary_are_told_only(self, served):
        count = itertools.count()

        def say(body: dict[str, Any]) -> str:
            varied = body["model"] == "twin" and next(count) % 4 == 0
            return f"{body['model']} {next(count) if varied else ''}"

        engine = served(say)
        engine.load_adapter("twin", "adapters/twin")
        assert len(engine.respond([("twin", questions.generation("a"))])) == 1
        assert any("got different answers" in note for note in engine.notes)


class TestApart:
    """Answers that belong to other requests."""

    def test_they_are_found_out(self, served):
        lock = threading.Lock()
        waiting: list[tuple[dict[str, str], threading.Event]] = []

        def say(body: dict[str, Any]) -> str:
            mine, met = {"text": f"answer {asked(body)}"}, threading.Event()
            with lock:
                other = waiting.pop() if waiting else None
                if other is None:
                    waiting.append((mine, met))
                else:
                    mine["text"], other[0]["text"] = other[0]["text"], mine["text"]
                    other[1].set()
            if other is None and not met.wait(0.1):
                with lock:
                    if (mine, met) in waiting:
                        waiting.remove((mine, met))
            return mine["text"]

        engine = served(say)
        with pytest.raises(EngineError, match=r"mixes up concurrent requests. Set 'num_concurrent"):
            engine.respond(greedy())
        alone = served(say, num_concurrent=1)
        assert alone.respond(greedy()) == [f"answer to question {n}" for n in range(9)]

    def test_answers_that_vary_a_little_are_not_taken_for_others(self, served):
        count = itertools.count()
        engine = served(lambda body: f"{asked(body)} {next(count) % 3}")
        assert len(engine.respond(greedy())) == 9

    def test_labels_that_many_requests_share_are_not_either(self, served):
        engine = served(lambda body: "yes" if "1" in asked(body) else "no")
        assert engine.respond(greedy()) == ["yes" if n == 1 else "no" for n in range(9)]


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_prompt_before_each_answer_is_an_error(base, api):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, LISTED
        prompt = asked(body)[3:] if api == "chat" else body["prompt"]
        choice = {"index": 0, "finish_reason": "stop"}
        said = {"message": {"content": f"{prompt} ok"}} if api == "chat" else {"text": prompt}
        return 200, {"choices": [{**choice, **said}]}

    with (
        replying_server(reply) as url,
        pytest.raises(EngineError, match="its answers begin with the prompt"),
    ):
        opened(url, base, api=api, tokenized_requests=False)


LOST: dict[str, tuple[int, dict[str, Any]]] = {
    "403": (403, {"error": {"message": "Input was flagged by moderation"}}),
    "400": (400, {"error": {"message": "filtered by the content policy"}}),
    "500": (500, {"error": {"message": "worker crashed"}}),
    "tool": (
        200,
        {"choices": [{"message": {"content": None, "tool_calls": [{"id": "1"}]}}]},
    ),
    "empty": (200, {"choices": [{"message": {"content": None}}]}),
    "no choice": (200, {"choices": []}),
    "filter": (200, {"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}),
    "error": (200, {"error": {"message": "Provider returned error", "code": 400}}),
}
FIRST_TEXTS = [text for text, _ in FIRST]


@pytest.fixture
def losing(base):
    """Open a chat server that loses the prompts that hold one of some words."""
    with_servers = []

    def serve(kind: str, *words: str, **options: Any) -> EndpointEngine:
        def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
            if body is None:
                return 200, LISTED
            text = body["messages"][0]["content"]
            if any(word in text for word in words):
                return LOST[kind]
            drawn = f" {body['seed']}" if body["temperature"] else ""
            message = {"content": f"{body['model']}{drawn} {text[::-1]}"[:14]}
            return 200, {"choices": [{"message": message, "finish_reason": "stop"}]}

        server = replying_server(reply)
        with_servers.append(server)
        return opened(server.__enter__(), base, api="chat", max_retries=1, **options)

    yield serve
    for server in with_servers:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("text", FIRST_TEXTS)
def test_one_prompt_that_is_lost_at_the_start_costs_nothing(losing, kind, text):
    engine = losing(kind, text)
    assert len(engine.respond(greedy(4))) == 4
    assert engine.load_adapter("twin", "adapters/twin").effect > 0


@pytest.mark.parametrize("kind", ["403", "400", "500", "error"])
def test_a_server_that_refuses_all_of_them_is_one_error(losing, kind):
    words = LOST[kind][1]["error"]["message"]
    with pytest.raises(EngineError, match=f"{words} .the same for all 4 first prompts.. Check"):
        losing(kind, "")


@pytest.mark.parametrize(
    ("status", "words", "advice"),
    [
        (401, "Incorrect API key", "Check the key in the environment variable"),
        (404, "The model `base` does not exist", "and the model's name there"),
        (403, "No access", "Check the key"),
        (400, "Unsupported value: temperature", r"allow it with 'engine: options: drop: .temp"),
    ],
)
def test_what_is_wrong_for_all_says_what_to_set(base, status, words, advice):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        return (200, LISTED) if body is None else (status, {"error": {"message": words}})

    with (
        replying_server(reply) as url,
        pytest.raises(EngineError, match=f"status {status}: {words}.*{advice}"),
    ):
        opened(url, base, api="chat")


@pytest.mark.parametrize("kind", ["403", "500", "tool", "empty"])
def test_draws_are_seen_on_the_prompts_that_are_answered(losing, kind):
    engine = losing(kind, "quick brown", "capital of France")
    assert len(set(engine.respond(drawn()))) == 3


def test_draws_that_are_never_answered_are_an_error_each_time(losing):
    engine = losing("403", "quick", "capital", "sea", "colour", "password")
    for _ in range(2):
        outcomes = [one for _, one in engine.stream(drawn())]
        assert all("test sampling: " in str(one) for one in outcomes)
        assert all("Input was flagged" in str(one) for one in outcomes)


def test_what_could_not_be_probed_is_probed_by_the_next_run():
    down = [True]
    asked: list[str] = []

    def ask(requests):
        if down[0]:
            raise EngineError("the server answered nothing")
        asked.extend(str(one.args[0]) for _, one in requests)
        yield from ((place, "same") for place in range(len(requests)))

    witness = Witness(ask, chat=True, sends_text=True, url="http://here")
    probes = Probes(ask, ask_alone=None, witness=witness, may_sample=False)
    for _ in range(2):
        with pytest.raises(EngineError, match="answered nothing"):
            probes.check_draws(BASE)
    down[0] = False
    probes.look_apart(BASE, [])
    with pytest.raises(EngineError, match="ignores 'temperature' or 'seed'"):
        probes.check_draws(BASE)


def test_refused_log_probabilities_are_not_taken_for_checked(base):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is not None and body.get("logprobs"):
            return 403, {"error": "not allowed here"}
        return completions(path, body)

    with replying_server(reply) as url:
        engine = opened(url, base)
        with pytest.raises(EngineError, match=r"too few of the prompts .* not allowed here"):
            engine.respond([(BASE, questions.choice(questions.FACT, "brown"))])


def test_counts_that_are_always_the_same_are_not_used(base):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, LISTED
        said = " ".join(["word"] * min(body["max_tokens"], 40))
        choice = {"message": {"content": said}, "finish_reason": "length"}
        return 200, {"choices": [choice], "usage": {"completion_tokens": 9, "cost": math.nan}}

    with replying_server(reply) as url:
        engine = opened(url, base, api="chat")
        assert engine.respond([(BASE, questions.generation("q", max_gen_toks=12))])
        assert any("token counts" in note for note in engine.notes)


def test_a_long_answer_to_a_short_limit_is_seen_where_only_one_prompt_calls_for_it(served):
    with pytest.raises(EngineError, match="ignores 'max_tokens'"):
        served(lambda body: " ".join(map(str, range(200))) if "200" in asked(body) else "ok")


@pytest.mark.parametrize(
    "names", [["base-0806", "base-0911"], ["base", "mini"], ["base-1", "base"]]
)
def test_a_model_that_changes_its_name_has_changed(base, names):
    count = itertools.count()

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, LISTED
        named = names[next(count) >= 14]  # the first four and eight that call for long answers
        return 200, {"model": named, "choices": [{"index": 0, "message": {"content": "ok"}}]}

    with replying_server(reply) as url:
        engine = opened(url, base, api="chat", num_concurrent=1)
        outcomes = [one for _, one in sorted(engine.stream(greedy(6)), key=lambda pair: pair[0])]
    wrong = [one for one in outcomes if isinstance(one, EngineError)]
    assert len(wrong) == 4
    assert f"answered by '{names[1]}', and others by '{names[0]}'" in str(wrong[0])


@pytest.mark.parametrize("settings", [{"n": 4}, {"best_of": 2}, {"num_return_sequences": 8}])
def test_several_answers_at_once_are_not_asked_for(served, settings):
    engine = served(asked)
    with pytest.raises(EngineError, match="asks for several answers at once"):
        engine.respond([(BASE, questions.generation("a", **settings))])
    assert engine.respond([(BASE, questions.generation("a", n=1))]) == ["to a"]


def test_an_adapter_has_the_context_of_its_model(base):
    listed = {"data": [{"id": "base", "max_model_len": 512}, {"id": "v2", "parent": "base"}]}

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, listed
        return 200, {"choices": [{"index": 0, "text": "ok"}]}

    with replying_server(reply) as url:
        engine = opened(url, base, names={"model": "v2"}, tokenized_requests=False)
        assert engine.max_length == 511


@pytest.mark.parametrize(
    ("entry", "context"),
    [
        ({"id": "base", "meta": {"n_ctx_train": 4096, "n_ctx": 512}}, 512),
        ({"id": "base.gguf", "aliases": ["base", "b"], "meta": {"n_ctx": 512}}, 512),
        ({"id": "base", "parameters": {"max_seq_len": 512}}, 512),
        ({"id": "base", "aliases": None, "meta": None, "max_model_len": 512}, 512),
        ({"id": "base", "meta": {"n_ctx_train": 4096}}, None),
    ],
)
def test_names_and_context_are_found_where_servers_list_them(entry, context):
    with replying_server(lambda path, body: (200, {"data": [entry]})) as url:
        client = Client(EndpointOptions.read({"base_url": url}))
        assert listed_models(client)["base"] == context
        client.close()


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_model_is_not_told_from_another_by_what_is_no_number(base, value):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        status, answer = completions(path, body)
        if body is not None and body["model"] == "twin":
            listed = answer["choices"][0]["logprobs"]
            listed["token_logprobs"][-2] = value
        return status, answer

    with replying_server(reply) as url:
        engine = opened(url, base)
        with pytest.raises(TrustError, match="of 8 harmless prompts only 0 were answered"):
            engine.load_adapter("twin", "adapters/twin")


def test_what_a_server_refuses_is_no_part_of_its_behaviour_and_stops_nothing(served):
    refused = ["password"]

    def say(body: dict[str, Any]) -> Any:
        return None if any(word in asked(body) for word in refused) else asked(body)

    engine = served(say)
    one = engine.behaviour()
    assert engine.behaviour() == one
    refused[:] = ["sea"]
    assert engine.behaviour() != one
    refused[:] = ["to"]
    with pytest.raises(TrustError, match=r"of 8 harmless .* were answered, .* gave no text"):
        engine.behaviour()


@pytest.mark.parametrize("lost", ["refused", "missing"])
@pytest.mark.parametrize("answered", [0, 3, 4, 8])
def test_half_of_the_prompts_stand_for_weights_that_cannot_be_seen(answered, lost):
    def ask(requests):
        for place in reversed(range(len(requests))):
            if place < answered:
                yield place, f"answer {place}"
            elif lost == "refused":
                yield place, EngineError("not allowed")

    witness = Witness(ask, chat=True, sends_text=True, url="http://here")
    if answered >= 4:
        assert witness.behaviour() == witness.behaviour()
        return
    why = "not allowed" if lost == "refused" else "the rest got no response"
    with pytest.raises(TrustError, match=f"here: of 8 .* only {answered} were answered.*: {why}"):
        witness.behaviour()


@pytest.mark.parametrize(("said", "kept"), [("cut \ud83d", "cut \ufffd"), ("sk-12345678!", "***!")])
def test_texts_can_be_stored(served, monkeypatch, said, kept):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-12345678")
    engine = served(lambda body: said if "q" in asked(body) else asked(body))
    assert engine.respond([(BASE, questions.generation("q"))]) == [kept]


@pytest.mark.parametrize(("best", "right"), [(-9.0, True), (-0.1, False)])
def test_log_probabilities_of_other_tokens_are_found_by_what_is_generated(base, best, right):
    """llama-cpp-python gives each token the values of the next, and the first none."""

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        status, answer = completions(path, body)
        if body is not None and body.get("logprobs"):
            listed = answer["choices"][0]["logprobs"]
            listed["top_logprobs"] = [None, *({"x": best} for _ in listed["tokens"])]
        return status, answer

    with replying_server(reply) as url:
        engine = opened(url, base)
        asked_for = [(BASE, questions.choice(questions.FACT, "brown"))]
        if right:
            assert isinstance(engine.respond(asked_for)[0], tuple)
        else:
            with pytest.raises(EngineError, match="do not belong to the tokens"):
                engine.respond(asked_for)
