"""The contract over the servers of llama.cpp on loopback, by both of their interfaces.

llama-cpp-python's loads each adapter as a model of its own. llama.cpp's own (``llama-server``, as a
library: ``xllamacpp``) takes the adapters that a request names.
"""

from itertools import groupby

import pytest

pytest.importorskip("gguf")

from benchmarks.servers.real.gguf_files import save_gguf, save_lora_gguf
from benchmarks.servers.real.launch import NotInstalledError
from benchmarks.servers.real.llama_cpp import llama_cpp_server, llama_server
from evalguard.engines.base import BASE, Engine, EngineSettings, check_loaded
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError
from tests.engines import questions
from tests.engines.contract import MODELS, GenerationContract
from tests.engines.servers import Chatting, with_adapters

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

    def stream(self, requests):
        check_loaded((model for model, _ in requests), self.models)
        for model, block in groupby(enumerate(requests), key=lambda one: one[1][0]):
            places, asked = zip(*block, strict=True)
            found = self.engines[model].stream([(BASE, request) for _, request in asked])
            yield from ((places[position], outcome) for position, outcome in found)


@pytest.fixture(scope="module")
def files(base, adapter_a, adapter_b, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gguf")
    adapters = [
        save_lora_gguf(adapter, folder / f"{adapter.name}.gguf", base=base)
        for adapter in (adapter_a, adapter_b)
    ]
    return save_gguf(base, folder / "base.gguf"), adapters


@pytest.fixture(scope="module", params=["llama_cpp.server", "llama-server"])
def served(request, files, tmp_path_factory):
    """The server's URL, and whether the adapters are models of their own there."""
    model, adapters = files
    folder = tmp_path_factory.mktemp("serve")
    paths = dict(zip(("a", "b"), map(str, adapters), strict=True))
    loaded = {name: {"model": str(model), "lora_path": paths.get(name)} for name in ("base", *paths)}
    own = request.param == "llama_cpp.server"
    server = (
        llama_cpp_server(loaded, context=512, folder=folder)
        if own
        else llama_server(model, adapters, context=512, slots=2, log=folder / "log")
    )
    try:
        url = server.__enter__()
    except NotInstalledError as reason:
        pytest.skip(str(reason))
    yield url, own
    server.__exit__(None, None, None)


@pytest.fixture(scope="module", params=["chat", "completions"])
def engine(served, base, request):
    url, own = served
    kind = Chatting if request.param == "chat" else EndpointEngine
    options = {"base_url": url, "api": request.param, "model": "base"}
    if own:
        options["tokenized_requests"] = False
        settings = EngineSettings(model=str(base), max_length=512, options=options)
        yield from with_adapters(kind(settings))
        return
    engines = {}
    for name, scales in SCALES.items():
        adapters = [{"id": place, "scale": scale} for place, scale in enumerate(scales)]
        body = {"extra_body": {"lora": adapters}}
        engines[name] = kind(EngineSettings(model=str(base), options=options | body))
    for name in MODELS[1:]:
        assert engines[name].check_differs(BASE, engines[BASE], name) > 0
    yield Apart(engines)
    for one in engines.values():
        one.close()


class TestContract(GenerationContract):
    pass


def test_it_gives_no_likelihoods_and_says_so(engine):
    with pytest.raises(EngineError, match=r"no log-(likelihoods|probabilities)"):
        engine.respond([(BASE, questions.choice(questions.FACT, "brown"))])
