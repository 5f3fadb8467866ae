import logging
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any

import pytest

from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.engines.isolate import answer_each
from evalguard.errors import EngineError, ModelError, TrustError
from tests.engines import questions
from tests.engines.servers import opened, replying_server

LISTED = {"data": [{"id": "base", "max_model_len": 512}, {"id": "twin", "max_model_len": 512}]}


def completions(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    """Answer as a server whose models all say the same."""
    if body is None:
        return 200, LISTED
    if path.endswith("chat/completions"):
        text = body["messages"][0]["content"][::-1]
        return 200, {"choices": [{"index": 0, "message": {"content": text}}]}
    (row,) = body["prompt"]
    choice = {
        "index": 0,
        "text": "same",
        "logprobs": {
            "tokens": [f"token_id:{token}" for token in row],
            "token_logprobs": [None, *(-1.0 - place % 3 for place in range(len(row)))],
            "top_logprobs": [None] + [{"x": -9.0}] * len(row),
        },
    }
    return 200, {"choices": [choice]}


class TestFaults:
    def test_an_adapter_that_answers_as_the_base_is_not_trusted(self, base):
        with replying_server(completions) as url:
            engine = opened(url, base)
            with pytest.raises(TrustError, match="answers as 'twin' exactly as"):
                engine.load_adapter("twin", "adapters/twin")
            assert engine.models == (BASE,)

    def test_an_unknown_base_is_named(self, base):
        with (
            replying_server(completions) as url,
            pytest.raises(ModelError, match=r"the server has no model 'bass'. Did you mean 'base'"),
        ):
            opened(url, base, names={"model": "bass"})

    def test_an_unknown_context_is_asked_for(self, base):
        def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
            return 200, {"data": [{"id": "base"}]}

        with replying_server(reply) as url:
            with pytest.raises(ModelError, match="does not report the context length of 'base'"):
                opened(url, base)
            assert opened(url, base, max_length=100).max_length == 99

    def test_a_server_that_is_not_there_is_named(self, base):
        with pytest.raises(EngineError, match=r"http://127.0.0.1:9/v1/models: .* cannot be read"):
            opened("http://127.0.0.1:9/v1", base)

    def test_a_refused_request_never_shows_the_key(self, base, monkeypatch, caplog, capfd):
        def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
            return (200, LISTED) if body is None else (401, {"error": "no entry for sk-secret"})

        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        caplog.set_level(logging.DEBUG)
        with (
            replying_server(reply) as url,
            pytest.raises(EngineError, match="401") as caught,
        ):
            opened(url, base, max_retries=1)
        shown = "".join(capfd.readouterr()) + caplog.text + repr(caught.value)
        assert "sk-secret" not in shown

    def test_an_answer_of_another_form_is_an_error(self, base):
        def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
            return (200, LISTED) if body is None else (200, {"text": "hello"})

        with replying_server(reply) as url:
            engine = opened(url, base, max_retries=1)
            with pytest.raises(EngineError, match="model 'base'"):
                engine.respond([(BASE, questions.choice(questions.FACT, "brown"))])


def test_a_chat_endpoint_generates_and_gives_no_likelihoods(base):
    with replying_server(completions) as url:
        engine = opened(url, base, api="chat")
        assert engine.respond([(BASE, questions.generation("abc"))]) == ["cba"]
        with pytest.raises(EngineError, match="returns no log-likelihoods"):
            engine.respond([(BASE, questions.choice("a", "b"))])


def own_seeds(settings: dict[str, Any]) -> Iterator[dict[str, int]]:
    """A seed each for what is sampled."""
    for number in count():
        yield {"seed": number} if settings.get("do_sample") else {}


class TestOneBadRequest:
    @pytest.fixture
    def ask(self, base):
        """Ask a server that refuses, or leaves empty, whatever prompt says so; count the calls."""

        def run(*prompts: str, **settings: Any) -> tuple[list[Any], int]:
            calls = []

            def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
                if body is None:
                    return 200, LISTED
                calls.append(body)
                if "refuse" in str(body):
                    return 400, {"error": "content filter"}
                if "nothing" in str(body):
                    return 200, {"choices": []}
                drawn = f" {body['seed']}" if body["temperature"] else ""
                message = {} if "empty" in str(body) else {"content": f"fine{drawn}"}
                return 200, {"choices": [{"index": 0, "message": message}]}

            with replying_server(reply) as url:
                engine = opened(url, base, max_retries=1, api="chat")
                asked = [
                    (
                        BASE,
                        questions.generation(
                            prompt, **({**settings, "seed": n} if settings else {})
                        ),
                    )
                    for n, prompt in enumerate(prompts)
                ]
                outcomes = dict(answer_each(engine, asked))
            return [outcomes[position] for position in range(len(prompts))], len(calls)

        return run

    def test_it_takes_no_other_with_it_and_is_asked_once(self, ask):
        prompts = [f"{'refuse' if n % 2 else 'answer'} {n}" for n in range(60)]
        outcomes, calls = ask(*prompts)
        assert outcomes[::2] == ["fine"] * 30
        assert all(isinstance(one, EngineError) and "400" in str(one) for one in outcomes[1::2])
        assert calls == 60 + 4 + 16 + 8  # limits, concurrency and long answers are probed first

    @pytest.mark.parametrize("kind", ["empty", "nothing"])
    def test_an_answer_without_a_text_is_no_empty_text(self, ask, kind):
        outcomes, _ = ask("answer", kind)
        assert outcomes[0] == "fine"
        assert "the server gave no text" in str(outcomes[1])

    def test_a_sampled_one_is_asked_once_as_well(self, ask):
        prompts = ["refuse", *(f"answer {n}" for n in range(20))]
        outcomes, calls = ask(*prompts, do_sample=True, temperature=1.0)
        assert outcomes[1:] == [f"fine {seed}" for seed in range(1, 21)]
        assert "400" in str(outcomes[0])
        assert calls == 21 + 4 + 10 + 8  # limits, draws and truncation are probed first

    def test_a_server_that_refuses_all_of_them_is_not_broken(self, ask):
        outcomes, _ = ask("refuse 1", "refuse 2")
        assert all("400" in str(outcome) for outcome in outcomes)

    def test_a_completion_without_a_text_is_an_error(self, base):
        def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
            return (
                (200, LISTED) if body is None else (200, {"choices": [{"index": 0, "text": None}]})
            )

        with replying_server(reply) as url:
            engine = opened(url, base, max_retries=1)
            with pytest.raises(EngineError, match="the server gave no text"):
                engine.respond([(BASE, questions.generation(questions.FACT))])


@pytest.mark.parametrize("adapters", [{"v2": "twin", "v3": "twin"}, {"v2": "v3"}])
@pytest.mark.parametrize("name", ["v2", "v3"])
def test_two_candidates_cannot_share_one_name(demo_model, adapters, name):
    """Class S4: the verdict on one adapter would be that of the other."""
    served = [*LISTED["data"], {"id": "v3", "max_model_len": 512}]

    def serves(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        return (200, {"data": served}) if body is None else completions(path, body)

    with replying_server(serves) as url:
        settings = EngineSettings(
            model=str(demo_model),
            adapters=(("v2", "one"), ("v3", "other")),
            options={"base_url": url, "model": "base", "adapters": adapters},
        )
        with closing(EndpointEngine(settings)) as engine:
            with pytest.raises(ModelError, match=r"'v[23]' have one name on the server"):
                engine.load_adapter(name, "unused")
            assert name not in engine.models
