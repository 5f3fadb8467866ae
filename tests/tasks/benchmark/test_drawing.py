"""Tasks that draw at random when they are built ask the same each time."""

import random
import subprocess
import sys

import datasets
import numpy as np
import pytest
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks._yaml_loader import load_yaml

from evalguard.tasks.benchmark.drawing import SEED
from tests.conftest import write_jsonl
from tests.tasks.benchmark.conftest import load_all

TEXT = "output_type: generate_until\ndoc_to_target: a\nprocess_docs: !function code.drawn\n"
ROWS = [{"q": f"Question {n}", "a": str(n)} for n in range(20)]

SHOTS = """
output_type: generate_until
dataset_path: json
dataset_kwargs: {data_files: {train: rows.jsonl}}
training_split: train
validation_split: train
doc_to_text: "{{q}} {{mark}}?"
doc_to_target: mark
num_fewshot: 3
process_docs: !function code.drawn
"""

STATES = {
    "generator of random": (
        "from random import Random\nrng = Random(42)\ndef mark(doc): return str(rng.random())\n"
    ),
    "generator of numpy": (
        "import numpy as np\nrng = np.random.default_rng(7)\n"
        "def mark(doc): return str(rng.integers(1000000))\n"
    ),
    "counter": "from itertools import count\nnumbers = count()\n"
    "def mark(doc): return str(next(numbers))\n",
    "global number": "calls = 0\ndef mark(doc):\n    global calls\n    calls += 1\n"
    "    return str(calls)\n",
    "list that grows": "seen = []\ndef mark(doc):\n    seen.append(doc['q'])\n"
    "    return str(len(seen))\n",
    "list that is used up": "left = [str(n) for n in range(1000)]\n"
    "def mark(doc): return left.pop()\n",
    "state of a function": "def mark(doc, held={'n': 0}):\n    held['n'] += 1\n"
    "    return str(held['n'])\n",
    "global generator": "import random\ndef mark(doc): return str(random.random())\n",
    "global generator of numpy": "import numpy as np\n"
    "def mark(doc): return str(np.random.rand())\n",
}

MAPPED = "def drawn(docs): return docs.map(lambda doc: {'mark': mark(doc)})\n"
TRANSFORMED = (
    "def each(batch):\n    batch['mark'] = [mark({'q': q}) for q in batch['q']]\n"
    "    return batch\n"
    "def drawn(docs): return docs.add_column('mark', [''] * len(docs)).with_transform(each)\n"
)


def prompts(task):
    return [(sample.sample_id, sample.prompt, sample.target) for sample in task.prepare(None)]


def marks(prompt: str) -> dict[str, str]:
    """Return what was drawn for each question that a prompt shows."""
    lines = [line.removeprefix("Question ").split() for line in prompt.split("\n\n")]
    return {line[0]: line[1].rstrip("?") for line in lines}


@pytest.mark.parametrize(
    ("state", "draws"),
    [
        *((state, MAPPED) for state in STATES),
        ("counter", TRANSFORMED),
        ("generator of numpy", TRANSFORMED),
    ],
)
def test_what_is_drawn_is_drawn_once(load, state, draws):
    code = STATES[state] + draws
    task = load(SHOTS, rows=ROWS, code=code, common="")
    asked = prompts(task)
    assert prompts(task) == asked
    drawn = {str(n): target for n, (_, _, target) in enumerate(asked)}
    assert len(set(drawn.values())) == len(ROWS)
    for number, (_, prompt, target) in enumerate(asked):
        shown = marks(prompt)
        assert len(shown) == 4  # three solved examples and the question, none of them twice
        assert shown[str(number)] == target
        assert shown.items() <= drawn.items()
    assert prompts(load(SHOTS, rows=ROWS, code=code, common="")) == asked


def test_a_new_process_draws_the_same(load, tmp_path):
    code = STATES["generator of random"] + MAPPED
    asked = prompts(load(SHOTS, rows=ROWS, code=code, common=""))
    told = subprocess.run(
        [sys.executable, "-c", _ASKS, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines()[-1] == repr([id_ for id_, _, _ in asked])


_ASKS = """
import sys
from pathlib import Path
from evalguard.tasks.benchmark.loading import load_benchmark
[task] = load_benchmark("s", "ours.yaml", base_dir=Path(sys.argv[1]), source="s.yaml", key="task")
print([sample.sample_id for sample in task.prepare(None)])
"""


def test_no_cache_returns_what_another_seed_drew(tmp_path):
    """datasets' cache knows a function by its code, whatever the global generators are."""
    write_jsonl(tmp_path / "rows.jsonl", ROWS)
    (tmp_path / "code.py").write_text(STATES["global generator"] + MAPPED)
    (tmp_path / "ours.yaml").write_text(f"task: ours\n{SHOTS}")
    data = {"dataset_kwargs": {"data_files": {"train": str(tmp_path / "rows.jsonl")}}}
    state = random.getstate()
    random.seed(99)
    ConfigurableTask(config=load_yaml(tmp_path / "ours.yaml") | data)
    random.setstate(state)
    [task] = load_all(tmp_path, "ours.yaml")
    rng = random.Random(SEED)
    assert [target for _, _, target in prompts(task)] == [str(rng.random()) for _ in ROWS]


def test_modules_that_the_code_imports_begin_again(load, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "held_state").mkdir()
    (tmp_path / "held_state" / "__init__.py").write_text("")
    (tmp_path / "held_state" / "numbers.py").write_text("seen = []\n")
    code = (
        "from held_state import numbers\n"
        "def mark(doc):\n    numbers.seen.append(0)\n    return str(len(numbers.seen))\n"
    )
    asked = prompts(load(SHOTS, rows=ROWS, code=code + MAPPED, common=""))
    assert prompts(load(SHOTS, rows=ROWS, code=code + MAPPED, common="")) == asked


def test_a_function_of_an_imported_package_begins_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "our_package").mkdir()
    (tmp_path / "our_package" / "__init__.py").write_text("")
    (tmp_path / "our_package" / "docs.py").write_text(STATES["counter"] + MAPPED)
    from our_package import docs  # type: ignore[import-not-found]  # made above

    next(docs.numbers)
    text = SHOTS.replace("code.drawn", "our_package.docs.drawn")
    (tmp_path / "suite").mkdir()
    write_jsonl(tmp_path / "suite" / "rows.jsonl", ROWS)
    (tmp_path / "suite" / "ours.yaml").write_text(f"task: ours\n{text}")
    [first] = load_all(tmp_path / "suite", "ours.yaml")
    [second] = load_all(tmp_path / "suite", "ours.yaml")
    assert prompts(first) == prompts(second)
    assert prompts(first)[0][2] == "0"


def test_a_module_of_the_caller_stays_imported(load, tmp_path, monkeypatch):
    """It may have the name of a file beside the task."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "beside.py").write_text("held = []\n")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    import beside  # type: ignore[import-not-found]  # made above

    (tmp_path / "beside.py").write_text(STATES["counter"] + MAPPED)
    for _ in range(2):
        load(SHOTS.replace("code.drawn", "beside.drawn"), rows=ROWS, common="")
    assert sys.modules["beside"] is beside


def test_splits_are_drawn_apart(load):
    """Few-shot examples of another split, or by another function, are their own documents."""
    code = (
        STATES["counter"] + MAPPED + "def other(docs): return docs.map(lambda doc: {'mark': 'x'})\n"
    )
    text = SHOTS + "fewshot_config: {split: train, process_docs: !function code.other}\n"
    for _, prompt, target in prompts(load(text, rows=ROWS, code=code, common="")):
        *shots, asked = prompt.split("\n\n")
        assert all(shot.endswith("x? x") for shot in shots)
        assert asked.endswith(f" {target}?")


def test_rows_that_are_drawn_anew_at_each_reading_are_read_once(load):
    code = (
        "from random import Random\nrng = Random(42)\n"
        "def drawn(docs):\n"
        "    order = list(range(len(docs)))\n    rng.shuffle(order)\n"
        "    return docs.select(order)\n"
    )
    task = load(TEXT, rows=ROWS, code=code)
    asked = [sample.sample_id for sample in task.prepare(None)]
    assert [sample.sample_id for sample in task.prepare(None)] == asked
    again = load(TEXT, rows=ROWS, code=code)
    assert [sample.sample_id for sample in again.prepare(None)] == asked


def test_global_draws_are_those_of_the_command(load):
    code = (
        "import random\ndef drawn(docs):\n"
        "    return docs.add_column('drawn', [random.random() for _ in docs])\n"
    )
    state, array_state = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    first = load(TEXT, code=code).docs
    assert random.getstate() == state
    assert str(np.random.get_state(legacy=False)) == str(array_state)  # noqa: NPY002
    assert datasets.is_caching_enabled()
    random.random()
    assert load(TEXT, code=code).docs == first
