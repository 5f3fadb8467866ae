"""The contract over a LiteLLM proxy that has a name for each adapter of llama.cpp's server."""

from contextlib import closing

import pytest

from benchmarks.servers.real.litellm import litellm_proxy
from benchmarks.servers.real.llama_cpp import llama_server
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError, ModelError, TrustError
from tests.engines import questions
from tests.engines.contract import GenerationContract
from tests.engines.servers import Chatting, serving, with_adapters

pytestmark = pytest.mark.slow

KEY = "sk-of-these-tests"
SCALES = {"base": (0.0, 0.0), "a": (1.0, 0.0), "b": (0.0, 1.0)}


@pytest.fixture(scope="module", autouse=True)
def key():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        yield


@pytest.fixture(scope="module")
def served(gguf_files, tmp_path_factory):
    """A proxy for two servers, of which one keeps prompts, and for one that is away."""
    folder = tmp_path_factory.mktemp("proxy")
    names, logs = ("base", "a", "b"), (folder / "1.log", folder / "2.log")
    with (
        serving(llama_server(*gguf_files, context=512, log=logs[0])) as url,
        serving(llama_server(*gguf_files, context=512, log=logs[1], cache_mib=8192)) as keeping,
    ):
        models = {name: behind(url, name) for name in names}
        models |= {f"{name}-kept": behind(keeping, name) for name in names}
        models["away"] = behind("http://127.0.0.1:9/v1", "a")
        router = {"num_retries": 0, "fallbacks": [{"away": ["base"]}]}
        proxy = litellm_proxy(models, key=KEY, folder=folder, router=router)
        with serving(proxy) as proxied:
            yield proxied


def behind(url, name):
    """Return what the proxy needs to know of a model."""
    lora = [{"id": place, "scale": scale} for place, scale in enumerate(SCALES[name])]
    parameters = {"model": "openai/base", "api_base": url, "api_key": "none"}
    return parameters | {"extra_body": {"lora": lora}}


def opened(url, base, *, kind=EndpointEngine, **options):
    names = {"base_url": url, "model": "base", "tokenized_requests": False}
    return kind(EngineSettings(model=str(base), max_length=512, options=names | options))


@pytest.fixture(scope="module", params=["chat", "completions"])
def engine(served, base, request):
    kind = Chatting if request.param == "chat" else EndpointEngine
    yield from with_adapters(opened(served, base, kind=kind, api=request.param))


class TestContract(GenerationContract):
    pass


def test_it_gives_no_likelihoods_and_says_so(engine):
    with pytest.raises(EngineError, match=r"no (prompt )?log-(likelihoods|probabilities)"):
        engine.respond([(BASE, questions.choice(questions.FACT, "brown"))])


def test_a_name_that_is_not_served_is_refused(engine):
    with pytest.raises(ModelError, match="the server has no model 'c'"):
        engine.load_adapter("c", "unused")


def test_a_key_that_it_does_not_know(served, base, monkeypatch):
    """Without a database it says nothing of keys."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with pytest.raises(EngineError, match=r"status 40[01].*Check the key") as raised:
        opened(served, base)
    assert "sk-wrong" not in str(raised.value)


def test_answers_of_a_fallback_are_not_the_models(served, base):
    with (
        closing(opened(served, base, api="chat", max_wait=20)) as engine,
        pytest.raises((EngineError, TrustError), match="a fallback of the gateway answered"),
    ):
        engine.load_adapter("away", "unused")


def test_prompts_that_are_kept_for_other_adapters(served, base):
    with (
        closing(opened(served, base, api="chat", model="base-kept")) as engine,
        pytest.raises(TrustError, match="prompt cache for another"),
    ):
        engine.load_adapter("a-kept", "unused")
