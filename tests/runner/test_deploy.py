"""The same adapter as it was trained and as it will be served."""

import pytest
from safetensors.numpy import load_file, save_file

from evalguard.demo import model_path
from evalguard.records import Verdict
from tests.runner.test_check import check

AS_TRAINED = f"""\
baseline: {{model: {model_path()}, adapter: adapters/harmless, quantization: nf4}}
candidates:
  on-full-precision: {{adapter: adapters/harmless, quantization: none}}
  on-8-bit: {{adapter: adapters/harmless, quantization: int8}}
"""


@pytest.fixture
def served(project, monkeypatch):
    """Make the adapter on its 4-bit base the baseline."""
    monkeypatch.chdir(project)
    path = project / "evalguard.yaml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith(" ")]
    kept = [line for line in kept if not line.startswith(("baseline", "candidates"))]
    path.write_text("\n".join(kept) + "\n" + AS_TRAINED)
    return project


def test_an_adapter_is_gated_on_other_precisions_against_the_one_it_was_trained_on(served):
    result = check(served)
    verdicts = {(gate.model, gate.verdict) for gate in result.gates}
    assert verdicts == {
        ("on-full-precision", Verdict.PASS),
        ("on-8-bit", Verdict.PASS),
    }, [(gate.model, gate.reason) for gate in result.gates]
    assert len({model.fingerprint for model in result.models}) == 3


def test_a_baseline_that_cannot_be_trusted_says_why(served):
    path = served / "adapters" / "harmless" / "adapter_model.safetensors"
    save_file({name: 0 * tensor for name, tensor in load_file(path).items()}, path)
    result = check(served)
    assert result.verdict is Verdict.ERROR
    assert all(gate.reason.startswith("the baseline: ") for gate in result.gates)
