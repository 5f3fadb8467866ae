"""A first token that a server puts before texts is there once, and not twice (S5)."""

import json
import shutil

import pytest
from transformers import AutoTokenizer

from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError
from tests.engines import questions
from tests.engines.servers import replying_server

FIRST = "<|system|>"
PROMPT = f"{FIRST}{questions.FACT}"


@pytest.fixture(scope="module")
def tokenizer(base, tmp_path_factory):
    """The embedded model's, with a token that begins texts."""
    folder = shutil.copytree(base, tmp_path_factory.mktemp("first") / "base")
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"bos_token": FIRST}))
    return folder


@pytest.fixture
def ask(tokenizer):
    """Return what a server gets of a prompt, and the engine's notes."""
    encode = AutoTokenizer.from_pretrained(tokenizer)

    def asked(prompt, counted, **options):
        got = []

        def reply(path, body):
            if body is None:
                return 200, {"data": [{"id": "base", "max_model_len": 512}]}
            got.append(body["prompt"])
            text = body["prompt"] if isinstance(body["prompt"], str) else ""
            usage = counted(text, len(encode(text, add_special_tokens=False).input_ids))
            choice = {"index": 0, "text": "ok", "finish_reason": "stop"}
            return 200, {"choices": [choice], "usage": usage}

        with replying_server(reply) as url:
            names = {"base_url": url, "model": "base", "tokenized_requests": False}
            engine = EndpointEngine(EngineSettings(model=str(tokenizer), options=names | options))
            engine.respond([(BASE, questions.generation(prompt))])
            engine.close()
        return got[-1], engine.notes

    return asked


def test_a_server_that_adds_it_gets_prompts_without(ask):
    got, notes = ask(PROMPT, lambda text, count: {"prompt_tokens": count + 1})
    assert got == questions.FACT
    assert any("puts '<|system|>' before every text" in note for note in notes)


def test_only_the_first_one_is_left_out(ask):
    got, _ = ask(f"{FIRST}{PROMPT}", lambda text, count: {"prompt_tokens": count + 1})
    assert got == PROMPT
    got, _ = ask(questions.FACT, lambda text, count: {"prompt_tokens": count + 1})
    assert got == questions.FACT


@pytest.mark.parametrize(
    "counted",
    [
        lambda text, count: {"prompt_tokens": count},
        lambda text, count: {"prompt_tokens": count + (not text.startswith(FIRST))},
        lambda text, count: {"prompt_tokens": 2 * count},
        lambda text, count: {"prompt_tokens": None},
        lambda text, count: None,
        lambda text, count: {},
    ],
    ids=["does not", "where it is missing", "counts otherwise", "none", "no usage", "empty"],
)
def test_other_servers_get_prompts_as_they_are(ask, counted):
    got, notes = ask(PROMPT, counted)
    assert got == PROMPT
    assert not any("before every text" in note for note in notes)


def test_tokens_are_sent_as_they_are(ask, tokenizer):
    got, _ = ask(PROMPT, lambda text, count: {"prompt_tokens": 1}, tokenized_requests=True)
    assert got == [AutoTokenizer.from_pretrained(tokenizer)(PROMPT).input_ids]


def test_a_model_of_which_it_cannot_be_told_is_refused(tokenizer):
    """Its prompts would be others than those of a model of which it can."""

    def reply(path, body):
        if body is None:
            return 200, {"data": [{"id": "base", "max_model_len": 512}]}
        if body["prompt"].startswith(FIRST):
            return 400, {"error": {"message": "no special tokens"}}
        return 200, {"choices": [{"index": 0, "text": "ok", "finish_reason": "stop"}]}

    options = {"model": "base", "tokenized_requests": False}
    with replying_server(reply) as url, pytest.raises(EngineError, match="no special tokens"):
        EndpointEngine(EngineSettings(model=str(tokenizer), options=options | {"base_url": url}))
