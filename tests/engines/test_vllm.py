import pytest

pytest.importorskip("vllm")

from evalguard.engines.base import EngineSettings
from tests.engines.contract import EngineContract


@pytest.fixture(scope="session")
def engine(base, adapter_a, adapter_b):
    from evalguard.engines.vllm import VLLMEngine

    adapters = (("a", str(adapter_a)), ("b", str(adapter_b)))
    opened = VLLMEngine(EngineSettings(model=str(base), dtype="float32", adapters=adapters))
    for name, path in adapters:
        opened.load_adapter(name, path)
    yield opened
    opened.close()


class TestContract(EngineContract):
    pass
