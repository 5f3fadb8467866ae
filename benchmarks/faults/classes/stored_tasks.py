"""Stored samples of tasks and scorers that have changed since, and of EvalGuard's own code."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.declared import anew, blocked, declare
from benchmarks.faults.planting import Place, Seen

task = partial(declare, "stored samples: task")
scoring = partial(declare, "stored samples: scorer")
own = partial(declare, "stored samples: EvalGuard")

FACTS_GATE = "suite: facts, metric: exact_match, max_drop: 10pp, min: 0.5"
GENERAL_GATE = "suite: general, metric: acc, max_drop: 10pp, min: 0.5"


def in_task_file(place: Place, key: str, code: str, *, function: str = "own.f") -> None:
    """Give the benchmark's file a function of the project."""
    path = (
        "import sys\nfrom pathlib import Path\n\nsys.path.insert(0, str(Path(__file__).parent))\n"
    )
    place.write("suites/own.py", path + code)
    place.edit("suites/mc.yaml", "metric_list:", f"{key}: !function {function}\nmetric_list:")
    place.gates(GENERAL_GATE)


RESULTS = (
    "{imports}\n\n\n"
    "def f(doc, results):\n"
    "    best = max(range(len(results)), key=lambda i: results[i][0])\n"
    "    return {{'acc': float(doc['choices'][best] == doc['answer']) * {value}}}\n"
)


def changed_after(place: Place, file: str, old: str, new: str) -> Seen:
    """Measure, change a file, and check again."""
    first = place.check("--full")
    if first.code != 0:
        raise RuntimeError(f"without the fault: {first.last_line}\n{first.output[-800:]}")
    place.edit(file, old, new)
    return place.check()


@task("every answer of the data file changes", blocked("still knows facts"))
def _rows(place: Place) -> Seen:
    rows = place.rows()
    answers = [row["answer"] for row in rows]
    place.set_rows(
        row | {"answer": answer}
        for row, answer in zip(rows, answers[1:] + answers[:1], strict=True)
    )
    place.gates("name: still knows facts, " + FACTS_GATE)
    return place.check()


@task("two data files of one base name change places", blocked())
def _base_names(place: Place) -> Seen:
    rows = place.rows("suites/mc.jsonl")
    for name, shift in (("a", 0), ("b", 1)):
        (place / "suites" / name).mkdir()
        answers = [
            row["choices"][(row["choices"].index(row["answer"]) + shift) % 4] for row in rows
        ]
        place.set_rows(
            (row | {"answer": answer} for row, answer in zip(rows, answers, strict=True)),
            f"suites/{name}/rows.jsonl",
        )
    place.edit("suites/mc.yaml", "test: mc.jsonl", "test: a/rows.jsonl, train: b/rows.jsonl")
    place.gates(GENERAL_GATE)
    return changed_after(
        place, "suites/mc.yaml", "test: a/rows.jsonl, train: b/rows.jsonl",
        "test: b/rows.jsonl, train: a/rows.jsonl",
    )  # fmt: skip


@task("the code of a !function changes", blocked())
def _function(place: Place) -> Seen:
    in_task_file(place, "process_results", RESULTS.format(imports="", value="1"))
    return changed_after(place, "suites/own.py", "* 1", "* 0")


@task("a helper that a !function imports changes", blocked())
def _helper(place: Place) -> Seen:
    place.write("suites/helper.py", "VALUE = 1\n")
    code = RESULTS.format(imports="from helper import VALUE", value="VALUE")
    in_task_file(place, "process_results", code)
    return changed_after(place, "suites/helper.py", "1", "0")


@task("a helper of a helper, imported within a function, changes", blocked())
def _helper_of_helper(place: Place) -> Seen:
    place.write("suites/deep.py", "VALUE = 1\n")
    place.write("suites/helper.py", "def value():\n    from deep import VALUE\n    return VALUE\n")
    code = RESULTS.format(imports="import helper", value="helper.value()")
    in_task_file(place, "process_results", code)
    return changed_after(place, "suites/deep.py", "1", "0")


@task("a helper that importlib loads by name changes", blocked())
def _dynamic(place: Place) -> Seen:
    place.write("suites/helper.py", "VALUE = 1\n")
    imports = "from importlib import import_module\n\nH = import_module('hel' + 'per')"
    in_task_file(place, "process_results", RESULTS.format(imports=imports, value="H.VALUE"))
    return changed_after(place, "suites/helper.py", "1", "0")


@task("a data file that a !function opens changes", blocked())
def _opened(place: Place) -> Seen:
    place.write("suites/weight.txt", "1")
    imports = "from pathlib import Path\n\nW = Path(__file__).with_name('weight.txt').read_text()"
    in_task_file(place, "process_results", RESULTS.format(imports=imports, value="float(W)"))
    return changed_after(place, "suites/weight.txt", "1", "0")


@task("an environment variable that a !function reads changes", blocked())
def _variable(place: Place) -> Seen:
    code = RESULTS.format(imports="import os", value="float(os.environ.get('WEIGHT', '1'))")
    in_task_file(place, "process_results", code)
    place.check("--full")
    return place.check(env={"WEIGHT": "0"})


@task("a file that a task file includes changes", blocked())
def _included(place: Place) -> Seen:
    text = (place / "suites/mc.yaml").read_text()
    head, mark, target = text.partition("doc_to_target:")
    line, _, rest = target.partition("\n")
    place.write("suites/_base.yaml", f"{mark}{line}\n")
    place.write("suites/mc.yaml", f"include: _base.yaml\n{head}{rest}")
    place.gates(GENERAL_GATE)
    return changed_after(
        place, "suites/_base.yaml", "choices.index(answer)", "(choices.index(answer) + 1) % 4"
    )


@task("the few-shot examples change", anew("baseline", "general"))
def _few_shot(place: Place) -> Seen:
    place.set_rows(place.rows("suites/mc.jsonl")[:20], "suites/shots.jsonl")
    place.edit("suites/mc.yaml", "{test: mc.jsonl}", "{test: mc.jsonl, train: shots.jsonl}")
    place.edit(
        "suites/mc.yaml",
        "test_split: test",
        "test_split: test\nfewshot_split: train\nnum_fewshot: 1",
    )
    place.edit("suites/mc.yaml", "output_type", "fewshot_config: {sampler: first_n}\noutput_type")
    place.check("--full", "-k", "acc")
    place.set_rows(
        [row | {"question": "zzz " * 9} for row in place.rows("suites/shots.jsonl")],
        "suites/shots.jsonl",
    )
    return place.check("-k", "acc")


@task("the prompt of a test set changes", blocked())
def _prompt(place: Place) -> Seen:
    place.gates(FACTS_GATE)
    place.edit("suites/facts.yaml", "{{ question }}", "Say nothing. {{ question[:3] }}")
    return place.check()


@task("a stop string is added that ends most answers at once", blocked())
def _stop(place: Place) -> Seen:
    place.gates(FACTS_GATE)
    letters = ", ".join(f'"{letter}"' for letter in "aeiou")
    place.edit(
        "suites/facts.yaml", "max_new_tokens: 12", f"max_new_tokens: 12\n  stop: [{letters}]"
    )
    return place.check()


@task("the data file changes between the two arms of one check", blocked())
def _between(place: Place) -> Seen:
    place.forget()
    return place.check("--full", "-k", "exact_match", hook=_change_rows)


def _change_rows() -> None:
    import json

    from evalguard.tasks.kinds.test_set import TestSet

    prepare = TestSet.prepare

    def changing(self: TestSet, render: Any) -> Any:
        prepared = prepare(self, render)
        rows = [json.loads(line) for line in Path("suites/facts.jsonl").read_text().splitlines()]
        Path("suites/facts.jsonl").write_text(json.dumps(rows[0]) + "\n")
        return prepared

    TestSet.prepare = changing  # type: ignore[method-assign] # another process's timing
    from evalguard.runner.planned_task import PlannedTask

    PlannedTask.prepared = _rebuilt(PlannedTask.prepared)  # type: ignore[method-assign]


def _rebuilt(prepared: Any) -> Any:
    def again(self: Any, sample_id: str) -> Any:
        self.__dict__.pop("_prepared", None)
        return prepared(self, sample_id)

    return again


@scoring("an option of a scorer changes", blocked())
def _option(place: Place) -> Seen:
    place.edit("suites/facts.yaml", "- exact_match", "- {name: regex, options: {pattern: '[a-z]'}}")
    place.gates("suite: facts, metric: regex, max_drop: 10pp, min: 0.5")
    return changed_after(place, "suites/facts.yaml", "[a-z]", "[0-9]")


@scoring("a file that a JSON schema refers to changes", blocked())
def _schema(place: Place) -> Seen:
    place.set_rows({"question": row["question"], "answer": row["answer"]} for row in place.rows())
    place.write("suites/schema.json", '{"$ref": "part.json"}')
    place.write("suites/part.json", '{"type": "object"}')
    place.edit(
        "suites/facts.yaml",
        "- exact_match",
        "- {name: json_schema, options: {schema: schema.json}}",
    )
    place.gates("suite: facts, metric: json_schema, max_drop: 10pp")
    first = place.check("--full")
    place.write("suites/part.json", '{"type": "array"}')
    second = place.check("--full")
    return second if first.code == second.code == 0 else Seen(code=first.code or second.code)


@scoring("the target's template changes", blocked())
def _target(place: Place) -> Seen:
    place.gates(FACTS_GATE)
    place.edit("suites/facts.yaml", "{{ answer }}", "{{ answer }}!")
    return place.check()


def own_package(place: Place, file: str, old: str, new: str, suite: str = "") -> Seen:
    """Measure, then check with a copy of EvalGuard whose code differs in one line."""
    import evalguard

    if suite:
        place.write("suites/facts.yaml", suite)
    source = Path(evalguard.__file__).parent
    package = place / "package"
    shutil.copytree(source, package / "evalguard", ignore=shutil.ignore_patterns("__pycache__"))
    first = place.script("-m", "evalguard", "check", "--full", package=package)
    if first.code not in (0, 6):
        raise RuntimeError(f"without the fault: {first.output[-500:]}")
    place.edit(f"package/evalguard/{file}", old, new)
    return place.script("-m", "evalguard", "check", "--json", "result.json", package=package)


@own("the built-in scorer's code changes", blocked())
def _built_in(place: Place) -> Seen:
    place.gates(FACTS_GATE)
    return own_package(
        place, "scorers/binding.py",
        "return {name: float(value)", "return {name: 0.0 * float(value)",
    )  # fmt: skip


@own("the score() of a test set changes", blocked())
def _test_set(place: Place) -> Seen:
    place.gates(FACTS_GATE)
    return own_package(place, "tasks/kinds/test_set.py", "math.fsum(found) / len(found)", "0.0")


@own("the score() of a benchmark changes", blocked())
def _benchmark(place: Place) -> Seen:
    place.gates(GENERAL_GATE)
    return own_package(
        place, "tasks/benchmark/task.py", "    def score(",
        "    def score(self, prepared, responses):\n"
        "        found = self.score_as_before(prepared, responses)\n"
        "        from dataclasses import replace\n"
        "        return replace(found, scores=dict.fromkeys(found.scores, 0.0))\n\n"
        "    def score_as_before(",
    )  # fmt: skip


@own("what reads an answer before it is scored changes", blocked())
def _reader(place: Place) -> Seen:
    place.gates(FACTS_GATE)
    return own_package(
        place, "runner/answers.py", "def score(", "def score(self, task, sample, answers):\n"
        "        return self.score_as_before(task, sample, ['x' for _ in answers])\n\n"
        "    def score_as_before(",
    )  # fmt: skip


@own("the score() of a perplexity changes", blocked())
def _perplexity(place: Place) -> Seen:
    rows = [{"text": f"{row['question']} {row['answer']}"} for row in place.rows()]
    place.set_rows(rows)
    place.gates("suite: facts, metric: nats_per_token, max_drop: 0.5 nats, max: 10")
    suite = "version: 1\nability: drift\ntasks:\n  - {kind: perplexity, data: facts.jsonl}\n"
    return own_package(
        place, "tasks/kinds/perplexity.py", "    def score(",
        "    def score(self, prepared, responses):\n"
        "        found = self.score_as_before(prepared, responses)\n"
        "        from dataclasses import replace\n"
        "        return replace(found, scores={k: v + 50 for k, v in found.scores.items()})\n\n"
        "    def score_as_before(",
        suite,
    )  # fmt: skip
