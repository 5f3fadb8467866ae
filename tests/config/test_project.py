"""A project's files together: what loads, what is filled in, and what is refused where."""

from pathlib import Path

import pytest

from evalguard.config import BASELINE, load_project
from evalguard.errors import ConfigError, UsageError
from evalguard.records import Ability, Gate, Margin, Role


def problems(**options) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_project(**options)
    return [str(problem) for problem in caught.value.problems]


def test_a_project_loads_with_its_suites_and_gates(project):
    loaded = load_project()
    assert list(loaded.suites) == ["general", "tickets", "format"]
    assert loaded.suites["tickets"].resolve("data/tickets.jsonl").is_file()
    assert loaded.thresholds.gates == (
        Gate(
            name="no catastrophic forgetting",
            suite="general",
            metric="acc",
            max_drop=Margin(0.05, "%"),
            ability=Ability.GENERAL,
            source="thresholds/release.yaml",
        ),
        Gate(
            name="the task got better",
            suite="tickets",
            metric="exact_match",
            min_gain=Margin(0.02, "pp"),
            ability=Ability.TASK,
            source="thresholds/release.yaml",
        ),
        Gate(
            name="format extraction json_valid",
            suite="format",
            task="extraction",
            metric="json_valid",
            max_drop=Margin(0.005, "pp"),
            min=0.95,
            role=Role.TRIPWIRE,
            ability=Ability.FORMAT,
            source="thresholds/release.yaml",
        ),
    )


def test_paths_are_seen_from_the_working_directory(project, monkeypatch):
    monkeypatch.chdir(project.parent)
    loaded = load_project(Path(project.name) / "evalguard.yaml")
    assert loaded.thresholds.gates[0].source == f"{project.name}/thresholds/release.yaml"
    assert loaded.models["tickets-v2"].adapter == f"{project.name}/adapters/tickets-v2"
    assert loaded.store == f"{project.name}/.evalguard/store.db"
    assert loaded.reports == Path(project.name) / "reports"


def test_a_database_url_is_left_as_it_is(project):
    url = "postgresql://host/evalguard"
    assert load_project(overrides=[f"store={url}"]).store == url


def test_a_candidate_takes_what_it_leaves_out_from_the_baseline(project, edit):
    (project / "merged").mkdir()
    edit("evalguard.yaml", "baseline: {", "baseline: {quantization: nf4, trust_remote_code: true, ")
    edit(
        "evalguard.yaml",
        "candidates:\n",
        "candidates:\n  exact: {adapter: a, quantization: none}\n  merged: {model: merged}\n",
    )
    models = load_project().models
    assert list(models) == [BASELINE, "exact", "merged", "tickets-v2"]
    baseline, tickets = models[BASELINE], models["tickets-v2"]
    assert (tickets.model, tickets.revision) == (baseline.model, baseline.revision)
    assert (tickets.quantization, tickets.trust_remote_code) == ("nf4", True)
    assert models["exact"].quantization == "none"
    merged = models["merged"]  # a model of its own inherits no setting that was made for another
    assert (merged.model, merged.revision) == ("merged", None)
    assert (merged.quantization, merged.trust_remote_code) == ("none", False)


def test_problems_of_all_files_come_together(project, edit):
    edit("evalguard.yaml", "name: auto", "nmae: auto")
    edit("suites/tickets.yaml", "exact_match", "exact_macth")
    edit("suites/general.yaml", "facts.yaml", "fcats.yaml")
    edit("thresholds/release.yaml", "0.5pp", "0.005")
    edit("thresholds/release.yaml", "suite: general", "suite: genral")
    found = problems()
    assert [line.split(": ")[:2] for line in found] == [
        ["evalguard.yaml", "engine.nmae"],
        ["suites/general.yaml", "tasks[1].task"],
        ["suites/tickets.yaml", "tasks[0].scorers[0]"],
        ["thresholds/release.yaml", "gates[2].max_drop"],
    ]
    assert "Did you mean 'name'?" in found[0]
    assert "no such file: suites/fcats.yaml" in found[1]
    assert "unknown scorer 'exact_macth'. Did you mean 'exact_match'?" in found[2]
    assert "write 0.5pp" in found[3]


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("evalguard.yaml", "general, ", "general, general, ", "suites: listed twice: general"),
        ("evalguard.yaml", "[general, tickets, format]", "[]", "suites: must have at least 1 item"),
        ("evalguard.yaml", "tickets-v2:", "baseline:", "'baseline' is reserved for the baseline"),
        (
            "evalguard.yaml",
            "{adapter: adapters/tickets-v2}",
            "{}",
            "candidates.tickets-v2: needs 'adapter', 'seeds', 'model', 'quantization' or 'server",
        ),
        (
            "evalguard.yaml",
            "{adapter: adapters/tickets-v2}",
            "{adapter: a, revision: b}",
            "candidates.tickets-v2: 'revision' needs 'model'",
        ),
        (
            "evalguard.yaml",
            "{adapter: adapters/tickets-v2}",
            "{adaptor: a}",
            "candidates.tickets-v2.adaptor: unknown key. Did you mean 'adapter'?",
        ),
        (
            "evalguard.yaml",
            "thresholds: release",
            "thresholds: relaese",
            "thresholds: there is no file thresholds/relaese.yaml. Did you mean 'release'?",
        ),
        (
            "evalguard.yaml",
            "suites: [general",
            "suites: [genaral",
            "suites[0]: there is no file suites/genaral.yaml. Did you mean 'general'?",
        ),
        (
            "suites/tickets.yaml",
            "test_set",
            "testset",
            "tasks[0].kind: must be benchmark, test_set",
        ),
        ("suites/tickets.yaml", "ability: task", "ability: taks", "Did you mean 'task'?"),
        ("suites/tickets.yaml", "tickets.jsonl", "tikets.jsonl", "tasks[0].data: no such file"),
        ("suites/tickets.yaml", "{{ ticket }}", "{{ ticket ", "tasks[0].prompt: broken template"),
        ("suites/tickets.yaml", "prompt:", "system:", "tasks[0]: needs either 'prompt' or 'mess"),
        ("suites/tickets.yaml", "[exact_match]", "[]", "tasks[0].scorers: must have at least 1"),
        ("suites/tickets.yaml", "[exact_match]", "[3]", "tasks[0].scorers[0]: must be a mapping"),
        (
            "suites/tickets.yaml",
            "[exact_match]",
            "[exact_match, exact_match]",
            "already measured by tasks[0].scorers[0]; remove one",
        ),
        ("suites/format.yaml", "ignore_case", "ignorecase", "unknown option 'ignorecase'. Did you"),
        ("suites/format.yaml", "0.7", "0", "tasks[0]: repeats: 4 at temperature 0 gives the same"),
        ("suites/general.yaml", "mmlu,", "mmlu, name: facts,", "several tasks are called facts"),
        (
            "thresholds/release.yaml",
            "metric: exact_match",
            "metric: exactmatch",
            "gates[1].metric: 'tickets' has no metric 'exactmatch'. Did you mean 'exact_match'?",
        ),
        (
            "thresholds/release.yaml",
            "suite: tickets",
            "suite: ticket",
            "gates[1].suite: unknown suite 'ticket'. Did you mean 'tickets'?",
        ),
        (
            "thresholds/release.yaml",
            "task: extraction",
            "task: extract",
            "gates[2].task: no task 'extract' in 'format'. Did you mean 'extraction'?",
        ),
        (
            "thresholds/release.yaml",
            "min: 0.95",
            "min: 95",
            "gates[2].min: 95 is outside the range of 'json_valid', 0 to 1; write 0.95",
        ),
    ],
)
def test_each_mistake_is_named_at_its_place(edit, name, old, new, problem):
    edit(name, old, new)
    found = problems()
    assert found[0].startswith(f"{name}: ")
    assert problem in found[0]
    assert len(found) == 1 or "suites" in problem  # whose gates then hang in the air


def test_a_missing_project_says_how_to_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"evalguard\.yaml: no such file. Run `evalguard init`"):
        load_project()


def test_a_gate_on_a_benchmark_is_left_to_lm_eval(edit):
    edit("thresholds/release.yaml", "metric: acc", "metric: acc_norm, task: mmlu_anatomy")
    assert load_project().thresholds.gates[0].task == "mmlu_anatomy"


def test_overrides_set_single_values(project):
    loaded = load_project(
        overrides=[
            "engine.dtype=float32",
            "candidates.v3.adapter=adapters/v3",
            "suites=[general, tickets, format]",
            "noise.runs=3",
        ]
    )
    assert loaded.config.engine.dtype == "float32"
    assert loaded.config.engine.name == "auto"
    assert loaded.models["v3"].adapter == "adapters/v3"
    assert loaded.config.noise is not None
    assert loaded.config.noise.runs == 3


def test_an_override_reaches_a_name_that_holds_dots(project, edit):
    edit("evalguard.yaml", "tickets-v2:", "v2.1:")
    assert load_project(overrides=["candidates.v2.1.adapter=x"]).models["v2.1"].adapter == "x"


def test_overrides_are_validated_and_blamed(project):
    found = problems(
        overrides=["engine.dtpye=float32", "seed=-1", "noise.runs=[", "candidates.a.b.c=1"]
    )
    assert found == [
        "--set noise.runs: not YAML: line 1, column 2: expected the node content, "
        "but found '<stream end>' (while parsing a flow node)"
    ]
    found = problems(overrides=["engine.dtpye=float32", "seed=-1", "noise.runs.x=3"])
    assert [line.split(": ")[:2] for line in found] == [
        ["--set", "engine.dtpye"],
        ["--set", "noise.runs"],
        ["--set", "seed"],
    ]


@pytest.mark.parametrize("override", ["engine", "=3", "engine..dtype=x", ".=", ""])
def test_a_malformed_override_says_what_is_expected(project, override):
    [found] = problems(overrides=[override])
    assert "expected KEY=VALUE" in found


def test_an_override_through_a_plain_value_is_refused(project):
    [found] = problems(overrides=["thresholds.confidence_level=0.9"])
    assert "'thresholds' holds no keys" in found


def test_scorer_modules_are_run_only_when_listed(project, edit):
    (project / "mine.py").write_text(
        "from evalguard.scorers import scorer\n\n"
        "@scorer(name='is_polite', kind='binary')\n"
        "def is_polite(output: str) -> bool:\n"
        "    return 'please' in output\n"
    )
    edit("suites/tickets.yaml", "[exact_match]", "[exact_match, is_polite]")
    assert any("unknown scorer 'is_polite'" in line for line in problems())
    edit("evalguard.yaml", "version: 1\n", "version: 1\nscorer_modules: [mine.py]\n")
    assert load_project().suites["tickets"].config.tasks
    edit("evalguard.yaml", "mine.py", "yours.py")
    assert any("scorer_modules[0]" in line and "yours.py" in line for line in problems())


def test_a_gate_on_each_task_is_as_many_gates(edit):
    edit(
        "suites/tickets.yaml",
        "tasks:\n",
        """tasks:
  - {kind: test_set, name: urgent, data: data/tickets.jsonl, prompt: x, target: x,
     scorers: [exact_match]}
  - {kind: test_set, name: long, data: data/tickets.jsonl, prompt: x, scorers: [json_valid]}
""",
    )
    edit(
        "thresholds/release.yaml",
        "gates:\n",
        """gates:
  - {name: every queue, suite: tickets, task: "*", metric: exact_match, min: 0.5}
""",
    )
    gates = [gate for gate in load_project().thresholds.gates if gate.demands.get("min") == 0.5]
    assert [(gate.task, gate.name) for gate in gates] == [
        ("urgent", "every queue: urgent"),
        ("tickets", "every queue: tickets"),
    ]


def test_a_gate_on_a_metric_of_a_probe_is_checked(edit):
    edit(
        "suites/tickets.yaml",
        "tasks:\n",
        """tasks:
  - {kind: diversity, name: open, data: data/tickets.jsonl, prompt: "{{ ticket }}"}
""",
    )
    edit(
        "thresholds/release.yaml",
        "gates:\n",
        """gates:
  - {suite: tickets, task: open, metric: distinct, max_drop: 9pp}
  - {suite: tickets, task: open, metric: length_change, min: -30}
""",
    )
    unknown, outside = problems()
    assert (
        "gates[0].metric: 'tickets' has no metric 'distinct'. Did you mean 'distinct_2'" in unknown
    )
    assert "gates[1].min: -30 is outside the range of 'length_change', -1 to 1" in outside


THINKING_GATE = "gates:\n  - {suite: tickets, metric: METRIC, DEMAND}\n"


@pytest.mark.parametrize(
    ("metric", "demand"),
    [
        ("thinking_tokens", "max_drop: 5 points"),
        ("thinking_tokens", "max: 100"),
        ("unclosed_thinking", "max: 0.05"),
        ("unclosed_thinking", "max_drop: 5pp"),
    ],
)
@pytest.mark.parametrize("where", ["baseline", "candidate", "both"])
def test_a_gate_on_thinking_that_nobody_looks_for_is_refused(edit, metric, demand, where):
    gate = THINKING_GATE.replace("METRIC", metric).replace("DEMAND", demand)
    edit("thresholds/release.yaml", "gates:\n", gate)
    load_project()
    if where != "candidate":
        edit("evalguard.yaml", "{model: org/base,", '{model: org/base, thinking: "off",')
    if where != "baseline":
        edit("evalguard.yaml", "{adapter: adapters/tickets-v2}",
             '{adapter: adapters/tickets-v2, thinking: "off"}')  # fmt: skip
    [problem] = problems()
    assert "thresholds/release.yaml: gates[0].metric" in problem
    assert "of 'tickets-v2' is always 0" in problem
    assert "evalguard.yaml sets 'thinking: off'" in problem
    assert "remove that setting, or the gate" in problem


def test_a_gate_on_thinking_of_a_candidate_that_is_looked_at_stands(edit):
    gate = THINKING_GATE.replace("METRIC", "thinking_tokens").replace("DEMAND", "max: 100")
    edit("thresholds/release.yaml", "gates:\n", gate)
    edit("evalguard.yaml", "{model: org/base,", '{model: org/base, thinking: "off",')
    edit("evalguard.yaml", "{adapter: adapters/tickets-v2}",
         "{adapter: adapters/tickets-v2, thinking: auto}")  # fmt: skip
    load_project()


@pytest.mark.parametrize(
    ("metric", "demand"),
    [
        ("contains", "min: 0"),
        ("contains", "max: 1"),
        ("unclosed_thinking", "max: 1.0"),
        ("thinking_tokens", "max: 256"),
    ],
)
def test_a_bound_that_every_value_meets_is_refused(edit, metric, demand):
    gate = THINKING_GATE.replace("METRIC", metric).replace("DEMAND", demand)
    gate = gate.replace("tickets", "format")
    edit("thresholds/release.yaml", "gates:\n", gate)
    [problem] = problems()
    key, _ = demand.split(": ")
    assert f"gates[0].{key}: every value of '{metric}'" in problem
    assert "the demand cannot fail; give a stricter bound or remove it" in problem


@pytest.mark.parametrize(
    "held_out", ["data/tickets.jsonl", "data/copy.jsonl", "data/../data/copy.jsonl"]
)
def test_training_rows_are_not_their_own_held_out_rows(edit, project, held_out):
    rows = (project / "suites/data/tickets.jsonl").read_text()
    (project / "suites/data/copy.jsonl").write_text(rows)
    task = (
        "tasks:\n  - {kind: overfitting, name: heart, data: data/tickets.jsonl, "
        f"held_out: {held_out}, "
        'prompt: "{{ ticket }}", target: "{{ answer }}"}\n'
    )
    edit("suites/tickets.yaml", "tasks:\n", task)
    [problem] = problems()
    assert "suites/tickets.yaml: tasks[0].held_out: holds the rows of data/tickets.jsonl" in problem
    (project / "suites/data/copy.jsonl").write_text(rows.replace("broken", "lost"))
    if "copy" in held_out:
        load_project()


def test_answers_of_one_token_have_no_diversity(edit):
    edit("suites/tickets.yaml", "tasks:\n", '''tasks:
  - {kind: diversity, name: open, data: data/tickets.jsonl, prompt: "{{ ticket }}",
     max_new_tokens: 1}
''')  # fmt: skip
    [problem] = problems()
    assert "tasks[0].max_new_tokens: must be greater than or equal to 2" in problem


def test_nats_are_for_scores_in_nats_and_no_more_than_count(edit):
    edit(
        "suites/tickets.yaml",
        "tasks:\n",
        """tasks:
  - {kind: perplexity, name: texts, data: data/tickets.jsonl, text: "{{ ticket }}"}
""",
    )
    edit(
        "thresholds/release.yaml",
        "gates:\n",
        """gates:
  - {suite: tickets, task: texts, metric: nats_per_token, max_drop: 1 nats}
  - {suite: format, metric: json_valid, max_drop: 0.2 nats, name: JSON}
""",
    )
    too_much, a_share = problems()
    assert "gates[0].max_drop: 1 nats, but differences of nats_per_token count up to" in too_much
    assert "gates[1].max_drop: 0.2 nats, but json_valid ranges from 0 to 1; write 20pp" in a_share
