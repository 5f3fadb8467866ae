"""The contract over the servers of llama.cpp on loopback, by both of their interfaces.

llama-cpp-python's loads each adapter as a model of its own. llama.cpp's own (``llama-server``, as a
library: ``xllamacpp``) takes the adapters that a request names.
"""

import json
import shutil
from contextlib import ExitStack, closing
from itertools import groupby

import httpx
import pytest

pytest.importorskip("gguf")

from transformers import AutoTokenizer

from benchmarks.servers.real.gguf_files import save_gguf
from benchmarks.servers.real.llama_cpp import llama_cpp_server, llama_server
from evalguard.engines.base import BASE, AdapterCheck, Engine, EngineSettings, check_loaded
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError, TrustError
from tests.engines import questions
from tests.engines.contract import MODELS, GenerationContract
from tests.engines.servers import Chatting, serving, with_adapters

pytestmark = pytest.mark.slow

SCALES = {BASE: (0.0, 0.0), "a": (1.0, 0.0), "b": (0.0, 1.0)}
"""Of both adapters, as each model has them."""


class Apart(Engine):
    """Several engines on one server, each for one of its models, as candidates have them."""

    name = "endpoint"

    def __init__(self, engines):
        self.engines = engines
        self.version = engines[BASE].version

    @property
    def models(self):
        return tuple(self.engines)

    @property
    def max_length(self):
        return self.engines[BASE].max_length

    def load_adapter(self, name, path):
        return AdapterCheck(self.engines[name].check_differs(BASE, self.engines[BASE], path))

    def stream(self, requests):
        check_loaded((model for model, _ in requests), self.models)
        for model, block in groupby(enumerate(requests), key=lambda one: one[1][0]):
            places, asked = zip(*block, strict=True)
            found = self.engines[model].stream([(BASE, request) for _, request in asked])
            yield from ((places[position], outcome) for position, outcome in found)

    def close(self):
        for engine in self.engines.values():
            engine.close()


@pytest.fixture(scope="module", params=["llama_cpp.server", "llama-server"])
def served(request, gguf_files, tmp_path_factory):
    """The server's URL, and whether the adapters are models of their own there."""
    model, adapters = gguf_files
    folder = tmp_path_factory.mktemp("serve")
    paths = dict(zip(("a", "b"), map(str, adapters), strict=True))
    loaded = {
        name: {"model": str(model), "lora_path": paths.get(name)} for name in ("base", *paths)
    }
    own = request.param == "llama_cpp.server"
    server = (
        llama_cpp_server(loaded, context=512, folder=folder)
        if own
        else llama_server(model, adapters, context=512, log=folder / "log")
    )
    with serving(server) as url:
        yield url, own


@pytest.fixture(scope="module", params=["chat", "completions"])
def engine(served, base, request):
    url, own = served
    options = {"api": request.param, "tokenized_requests": False}
    kind = Chatting if request.param == "chat" else EndpointEngine
    if own:
        names = {"base_url": url, "model": "base"}
        settings = EngineSettings(model=str(base), max_length=512, options=names | options)
        yield from with_adapters(kind(settings))
        return
    engines = {name: opened(url, base, SCALES[name], kind=kind, **options) for name in MODELS}
    yield from with_adapters(Apart(engines))


def opened(url, base, scales=(), *, kind=EndpointEngine, **options):
    """Open llama.cpp's server for one model: the base with adapters of these scales."""
    adapters = [{"id": place, "scale": scale} for place, scale in enumerate(scales)]
    body = {"extra_body": {"lora": adapters}} if scales else {}
    names = {"base_url": url, "model": "base"}
    return kind(EngineSettings(model=str(base), options=names | body | options))


class TestContract(GenerationContract):
    pass


def test_it_gives_no_likelihoods_and_says_so(engine):
    """llama-cpp-python lists them one token off for a model without a first token."""
    reasons = r"returns no (prompt )?log-(likelihoods|probabilities)|do not belong to the tokens"
    with pytest.raises(EngineError, match=reasons):
        engine.respond([(BASE, questions.choice(questions.FACT, "brown"))])


def test_a_text_is_the_same_tokens_there(served, base):
    url, own = served
    tokenizer = AutoTokenizer.from_pretrained(base)
    path, field = ("/extras/tokenize", "input") if own else ("/tokenize", "content")
    asked = {} if own else {"parse_special": True}
    for text in (*questions.CONTEXTS, *questions.CHOICES, "in 1986,  she\n\nsang: \u20ac 5!"):
        sent = {field: text, **asked}
        said = httpx.post(f"{url.removesuffix('/v1')}{path}", json=sent).raise_for_status()
        assert said.json()["tokens"] == tokenizer(text).input_ids


class TestAdaptersOfRequests:
    """What llama.cpp's own server makes of adapters that requests name."""

    @pytest.fixture
    def open_one(self, gguf_files, base, tmp_path):
        """Open one model of a server that keeps prompts, as it does by default."""
        server = llama_server(*gguf_files, context=512, log=tmp_path / "log", cache_mib=8192)
        with serving(server) as url, ExitStack() as stack:
            yield lambda *given, **options: stack.enter_context(
                closing(opened(url, base, *given, **options))
            )

    @pytest.mark.parametrize("api", ["chat", "completions"])
    @pytest.mark.parametrize("num_concurrent", [1, 16])
    def test_prompts_that_are_kept_for_other_adapters(self, open_one, api, num_concurrent):
        options = {"api": api, "num_concurrent": num_concurrent, "tokenized_requests": False}
        plain = open_one(SCALES[BASE], **options)
        for name in ("a", "b"):
            other = open_one(SCALES[name], **options)
            with pytest.raises(TrustError, match=r"prompt cache for another.*--cache-ram 0"):
                other.check_differs(BASE, plain, name)

    def test_nothing_is_kept_where_requests_say_so(self, open_one):
        plain, other = (
            open_one(api="chat", extra_body={"lora": lora, "cache_prompt": False})
            for lora in ([{"id": 0, "scale": 0.0}], [{"id": 0, "scale": 1.0}])
        )
        assert other.check_differs(BASE, plain, "a") > 0

    @pytest.mark.parametrize("kept", [(False, True), (True, False)])
    def test_one_model_that_finds_what_was_kept_is_enough(self, open_one, kept):
        plain, other = (
            open_one(api="chat", extra_body={"lora": [{"id": 0, "scale": i}], "cache_prompt": one})
            for i, one in enumerate(kept)
        )
        with pytest.raises(TrustError, match="prompt cache for another"):
            other.check_differs(BASE, plain, "a")

    def test_a_baseline_that_names_no_adapters_may_have_them_all(self, open_one):
        plain, other = open_one(api="chat"), open_one(SCALES["a"], api="chat")
        with pytest.raises(TrustError, match="selects its adapters"):
            other.check_differs(BASE, plain, "a")

    def test_prompts_as_tokens_leave_nothing_to_compare(self, open_one):
        plain, other = (
            open_one(extra_body={"lora": [{"id": 0, "scale": scale}], "cache_prompt": False})
            for scale in (0.0, 1.0)
        )
        with pytest.raises(TrustError, match="set 'tokenized_requests: false'"):
            other.check_differs(BASE, plain, "a")


@pytest.fixture(scope="module")
def with_first(base, tmp_path_factory):
    """A file whose texts begin with a token of their own, and a tokenizer that knows of it."""
    folder = shutil.copytree(base, tmp_path_factory.mktemp("first") / "base")
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"bos_token": "<|system|>"}))
    [token] = AutoTokenizer.from_pretrained(folder)("<|system|>").input_ids
    return save_gguf(base, folder / "first.gguf", first_token=token), folder


def test_a_first_token_is_there_once(with_first, gguf_files, tmp_path):
    """Texts and tokens get the same answers, which a second first token would change."""
    model, tokenizer = with_first
    once, twice = (
        [(BASE, questions.generation(f"{first}{text}")) for text in questions.CONTEXTS]
        for first in ("<|system|>", "<|system|><|system|>")
    )
    changed = []
    server = llama_server(model, gguf_files[1], context=512, log=tmp_path / "log")
    with serving(server) as url, ExitStack() as stack:
        for scales in SCALES.values():
            as_tokens, as_texts = (
                stack.enter_context(closing(opened(url, tokenizer, scales, **options)))
                for options in ({}, {"tokenized_requests": False})
            )
            right = as_tokens.respond(once)
            assert as_texts.respond(once) == right
            changed.append(as_tokens.respond(twice) != right)
            assert any("before every text" in note for note in as_texts.notes)
    assert any(changed)
