"""The contract over ``transformers serve`` on loopback, by both of its interfaces."""

import shutil
import sys

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("openai")

from peft import PeftModel
from transformers import AutoModelForCausalLM

from benchmarks.servers.real.launch import free_port, running
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError
from evalguard.quiet import quiet
from tests.engines import questions
from tests.engines.contract import GenerationContract
from tests.engines.servers import Chatting, with_adapters

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(base, adapter_a, adapter_b, tmp_path_factory):
    """A server, and the folders that it loads by their names."""
    folder = tmp_path_factory.mktemp("serve")
    names = {"base": shutil.copytree(base, folder / "base")}
    for name, adapter in (("a", adapter_a), ("b", adapter_b)):
        names[name] = shutil.copytree(base, folder / name)
        with quiet():
            model = AutoModelForCausalLM.from_pretrained(base)
            PeftModel.from_pretrained(model, adapter).merge_and_unload().save_pretrained(
                names[name]
            )
    (folder / "cache" / "hub").mkdir(parents=True)
    port = free_port()
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    cache = {"HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    ready = f"http://127.0.0.1:{port}/health"
    with running(command, ready=ready, log=folder / "log", environment=cache):
        yield f"http://127.0.0.1:{port}/v1", {name: str(path) for name, path in names.items()}


@pytest.fixture(scope="module", params=["chat", "completions"])
def engine(served, base, request):
    url, names = served
    options = {
        "base_url": url,
        "api": request.param,
        "model": names["base"],
        "adapters": {name: names[name] for name in ("a", "b")},
        "tokenized_requests": False,
    }
    kind = Chatting if request.param == "chat" else EndpointEngine
    settings = EngineSettings(model=str(base), max_length=512, options=options)
    yield from with_adapters(kind(settings))


class TestContract(GenerationContract):
    pass


def test_it_does_not_sample_and_is_found_out(engine):
    """It takes a temperature, and draws only where the model's own settings say so."""
    asked = questions.generation(questions.FACT, do_sample=True, temperature=1.0, seed=1)
    with pytest.raises(EngineError, match="ignores 'temperature'"):
        engine.respond([(BASE, asked)])


def test_it_gives_no_likelihoods_and_says_so(engine):
    with pytest.raises(EngineError, match=r"no (prompt )?log-(likelihoods|probabilities)"):
        engine.respond([(BASE, questions.choice(questions.FACT, "brown"))])
