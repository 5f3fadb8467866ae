"""What transformers and peft import for other uses is loaded when those are made, and as ever."""

import json
import subprocess
import sys

import pytest
import torch

from evalguard.engines.light_imports import light_imports

_LOADED = """
import json, sys
from evalguard.demo import model_path
from evalguard.engines.base import EngineSettings
from evalguard.engines.chat import PromptTokenizer
from evalguard.engines.opening import open_engine

base = str(model_path())
PromptTokenizer(base).count("text")
open_engine("hf", EngineSettings(model=base, dtype="float32", device="cpu"))
unused = ("sklearn", "scipy.stats", "torch._inductor.compile_fx")
loaded = [name for name in unused if name in sys.modules]

from sklearn.metrics import roc_curve
from transformers.generation import candidate_generator

assert roc_curve is not candidate_generator.roc_curve
truth, scores = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
print(json.dumps([loaded, *(
    [values.tolist() for values in curve(truth, scores)[:2]]
    for curve in (roc_curve, candidate_generator.roc_curve)
)]))
"""

_WITHIN = """
import sys
from evalguard.engines.light_imports import light_imports

with light_imports():
    from sklearn.metrics import roc_curve, f1_score
    import sklearn.metrics as within
assert f1_score([1, 0], [1, 0]) == 1.0
import sklearn.metrics
assert within is sklearn.metrics is sys.modules["sklearn.metrics"], within
with light_imports():
    assert sys.modules["sklearn.metrics"] is sklearn.metrics
"""


def test_a_model_is_loaded_without_what_others_need_and_it_works_when_it_is_called():
    command = [sys.executable, "-c", _LOADED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded, real, late = json.loads(done.stdout.splitlines()[-1])

    assert loaded == []
    assert late == real


def test_what_else_a_module_has_is_there_within():
    subprocess.run([sys.executable, "-c", _WITHIN], check=True)


def test_a_decorated_function_compiles_when_it_is_called():
    compiled = []

    def backend(graph, _inputs):
        compiled.append(graph)
        return graph.forward

    def double(x: torch.Tensor) -> torch.Tensor:
        """Return twice as much."""
        return 2 * x

    with light_imports():
        doubled = torch.compile(backend=backend)(double)
        plain = torch.compile(abs, backend=backend)

    assert compiled == []
    assert doubled(torch.ones(2)).tolist() == [2.0, 2.0]
    assert doubled(torch.ones(2)).tolist() == [2.0, 2.0]
    assert len(compiled) == 1
    assert (doubled.__name__, doubled.__doc__) == ("double", "Return twice as much.")
    assert plain(torch.tensor([-1.0])).tolist() == [1.0]


def test_a_model_that_is_compiled_stays_a_model():
    with light_imports():
        model = torch.compile(torch.nn.Linear(2, 2), backend="eager")

    assert isinstance(model, torch.nn.Module)


def test_everything_is_as_before_after_an_error():
    before = torch.compile
    with pytest.raises(RuntimeError), light_imports():
        raise RuntimeError

    assert torch.compile is before
    assert type(sys.modules.get("sklearn.metrics")).__name__ != "_Late"


_COLLECTED = """
import gc, sys
from evalguard.engines.light_imports import light_imports

class Node: pass

assert not {"sched", "tabnanny", "zipapp"} & sys.modules.keys()
runs = []
gc.callbacks.append(lambda phase, info: runs.append(phase))
with light_imports():
    import tabnanny
    kept = [Node() for _ in range(100_000)]
    assert runs == [], runs
    node = Node()
    node.itself = node
    del node
assert gc.isenabled() and gc.get_freeze_count() == 0
assert sum(isinstance(one, Node) for one in gc.get_objects(generation=2)) == 100_001
gc.collect()
assert sum(isinstance(one, Node) for one in gc.get_objects()) == 100_000

with light_imports():
    young = Node()
assert gc.isenabled() and not any(one is young for one in gc.get_objects(generation=2))

gc.freeze()
frozen = gc.get_freeze_count()
with light_imports():
    import sched
assert gc.isenabled() and gc.get_freeze_count() == frozen
gc.disable()
with light_imports():
    import zipapp
assert not gc.isenabled() and gc.get_freeze_count() == frozen
"""


def test_no_cycles_are_looked_for_within_and_those_left_are_found_later():
    subprocess.run([sys.executable, "-c", _COLLECTED], check=True)
