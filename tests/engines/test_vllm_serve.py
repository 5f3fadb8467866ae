"""The contract over ``vllm serve`` on loopback, with two adapters under names of their own."""

import pytest

pytest.importorskip("vllm")

from benchmarks.servers.real.launch import vllm_server
from evalguard.engines.base import EngineSettings
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import ModelError
from tests.engines.contract import EngineContract
from tests.engines.servers import with_adapters

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(base, adapter_a, adapter_b, tmp_path_factory):
    log = tmp_path_factory.mktemp("serve") / "log"
    with vllm_server(base, {"a": adapter_a, "second": adapter_b}, log) as url:
        options = {"base_url": url, "model": "base", "adapters": {"b": "second"}}
        yield from with_adapters(EndpointEngine(EngineSettings(model=str(base), options=options)))


class TestContract(EngineContract):
    pass


def test_a_name_that_is_not_served_is_refused(engine):
    with pytest.raises(ModelError, match="the server has no model 'c'"):
        engine.load_adapter("c", "unused")
