"""Problems of a task file are reported in its own terms, before lm-eval fails on them."""

import builtins
import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from evalguard.errors import ConfigError, DataError, MeasurementError
from evalguard.tasks.benchmark.loading import load_benchmark
from evalguard.tasks.benchmark.metrics import Declared
from tests.conftest import write_jsonl
from tests.tasks.benchmark.conftest import COMMON, load_all

GENERATES = "output_type: generate_until\ndoc_to_target: a\n"
MEAN = "aggregation: mean, higher_is_better: true"
CHOOSES = "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: label\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{GENERATES}metric_lists: []\n", "metric_lists: unknown key. Did you mean 'metric_list'"),
        ("output_type: generate\ndoc_to_target: a\n", "output_type: unknown 'generate'"),
        ("output_type: generate_until\n", "doc_to_target: missing"),
        (f"{GENERATES}metric_list: [{{metric: exact_macth, aggregation: mean}}]\n",
         r"metric_list\[0\]\.metric: unknown metric 'exact_macth'.*Did you mean 'exact_match'"),
        (f"{CHOOSES}metric_list: [{{metric: mcc, aggregation: mcc}}]\n",
         r"aggregation: unknown 'mcc'\. The metric 'mcc' uses matthews_corrcoef"),
        (f"{GENERATES}metric_list: [{{aggregation: mean}}]\n", "missing 'metric'"),
        (f"{GENERATES}filter_list: [{{name: f, filter: [{{function: regexp}}]}}]\n",
         r"filter_list\[0\]\.filter: unknown function 'regexp'. Did you mean 'regex'"),
        (f"{GENERATES}filter_list: [{{filter: []}}]\n", "needs a 'name' and a 'filter'"),
        (f"{GENERATES}fewshot_split: train\n", "fewshot_split: the data have no split 'train'"),
        (f"{GENERATES}test_split: tests\n", "test_split: the data have no split 'tests'. Did you"),
        (f"{GENERATES}doc_to_text: '{{% if %}}'\n", "doc_to_text: not a template: line 1: Exp"),
        ("output_type: generate_until\ndoc_to_target: '{{ a '\n", "doc_to_target: not a template"),
        (f"{GENERATES}description: '{{{{ q | nope }}}}'\nnope: 1\n", "nope: unknown key"),
        (f"{GENERATES}description: '{{{{ q | nope }}}}'\n",
         "description: not a template: line 1: No filter named 'nope'"),
        ("output_type: multiple_choice\ndoc_to_target: label\n", "doc_to_choice: missing; give a"),
        (f"{GENERATES}fewshot_config: {{sampler: firstn}}\n",
         "fewshot_config.sampler: unknown 'firstn'. Did you mean 'first_n'"),
        (f"{GENERATES}fewshot_config: {{samplr: first_n}}\n",
         "fewshot_config.samplr: unknown key. Did you mean 'sampler'"),
        (f"{GENERATES}filter_list: [{{name: f, filter: [{{function: regex, patern: a}}]}}]\n",
         "regex has no option 'patern'. Did you mean 'regex_pattern'"),
        (f"{GENERATES}filter_list: [{{name: f, filter: [{{function: take_first_k}}]}}]\n",
         r"filter_list\[0\].filter: take_first_k needs 'k'"),
        (f"{GENERATES}filter_list: [{{name: f, filter: [{{function: custom, filter_fn: f}}]}}]\n",
         "custom needs 'filter_fn: !function"),
        *(
            (f"{GENERATES}generation_kwargs: {{{option}: {value}}}\n",
             rf"generation_kwargs\.{option}: must be {wanted}")
            for option, value, wanted in [
                ("max_gen_toks", "many", "a whole number from 1, found 'many'"),
                ("max_new_tokens", "0", "a whole number from 1, found 0"),
                ("max_tokens", "[8]", "a whole number from 1"),
                ("temperature", "hot", "a number from 0, found 'hot'"),
                ("top_p", "-1", "a number from 0, found -1"),
                ("do_sample", "maybe", "true or false, found 'maybe'"),
            ]
        ),
        *(
            (f"{GENERATES}{key}: {value}\n", f"{key}: must be a text")
            for key, value in [
                *(("target_delimiter", "5"), ("description", "[a]"), ("gen_prefix", "{a: b}")),
                ("fewshot_delimiter", "true"),
            ]
        ),
        (f"{GENERATES}metric_list: [{{metric: exact_match, higher_is_better: up}}]\n",
         r"metric_list\[0\].higher_is_better: must be true or false, found 'up'"),
        (f"{GENERATES}filter_list: [{{name: f, filter: [{{function: take_first}}]}}, "
         "{name: f, filter: [{function: lowercase}]}]\n",
         r"filter_list\[1\].name: 'f' is the name of another filter"),
        (f"{GENERATES}repeats: 2\n"
         "filter_list: [{name: f, filter: [{function: take_first_k, k: 5}]}]\n",
         r"filter_list\[0\].filter: take_first_k: k is 5, and repeats is 2"),
        (f"{GENERATES}filter_list: [{{name: f, filter: [{{function: take_first_k, k: 0}}]}}]\n",
         "take_first_k: k is 0"),
        (f"{GENERATES}metric_list: [{{metric: exact_match, ignore_cases: true}}]\n",
         r"metric_list\[0\].ignore_cases: unknown option. Did you mean 'ignore_case'"),
        (f"{GENERATES}metric_list: [{{metric: exact_match, {MEAN}, hf_evaluate: true, "
         "ignore_cas: true}]\n",
         r"metric_list\[0\].ignore_cas: unknown option. Did you mean 'ignore_case'"),
        (f"{GENERATES}metric_list: [{{metric: f1, {MEAN}, hf_evaluate: true, averag: macro}}]\n",
         r"metric_list\[0\].averag: unknown option. Did you mean 'average'"),
        (f"{GENERATES}metric_list: [{{metric: bleu, {MEAN}, hf_evaluate: true, max_ordr: 2}}]\n",
         r"metric_list\[0\].max_ordr: unknown option. Did you mean 'max_order'"),
        (f"{GENERATES}metric_list: [{{metric: sacrebleu, {MEAN}, hf_evaluate: true, "
         "lowercas: true}]\n",
         r"metric_list\[0\].lowercas: unknown option. Did you mean 'lowercase'"),
        (f"{GENERATES}metric_list: [{{metric: bleu, hf_evaluat: true}}]\n",
         r"metric_list\[0\].hf_evaluat: unknown key. Did you mean 'hf_evaluate'"),
        (f"{GENERATES}metric_list: [{{metric: bleu, hf_evaluate: 'yes'}}]\n",
         r"metric_list\[0\].hf_evaluate: must be true or false, found 'yes'"),
        (f"{CHOOSES}metric_list: [{{metric: acc, agregation: mean}}]\n",
         r"metric_list\[0\].agregation: unknown key. Did you mean 'aggregation'"),
        (f"{GENERATES}generation_kwargs: {{max_gen_tok: 8}}\n",
         r"generation_kwargs.max_gen_tok: unknown option. Did you mean 'max_gen_toks'"),
        (f"{GENERATES}generation_kwargs: {{until: [a], temprature: 0}}\n",
         r"generation_kwargs.temprature: unknown option. Did you mean 'temperature'"),
        (f"{GENERATES}generation_kwargs: {{untill: [a]}}\n",
         r"generation_kwargs.untill: unknown option. Did you mean 'until'"),
        (f"{GENERATES}process_docs: !function code\n", "line 9: '!function code' names no"),
        (f"{GENERATES}process_docs: !function [code, f]\n", "names no function; write '!function"),
        (f"{GENERATES}num_fewshot: five\n", "num_fewshot: must be a whole number from 0"),
        (f"{GENERATES}repeats: 0\n", "repeats: must be a whole number from 1, found 0"),
        (f"{GENERATES}repeats: true\n", "repeats: must be a whole number from 1, found True"),
        (f"{GENERATES}generation_kwargs: [until]\n", "generation_kwargs: must be keys such as"),
        (f"{GENERATES}generation_kwargs: {{until: 5}}\n", "kwargs.until: must be a text or a list"),
        (f"{GENERATES}filter_list: {{name: f}}\n", "filter_list: must be a list of filters"),
        (f"{GENERATES}filter_list: [{{name: f, filter: regex}}]\n", "must be a list such as"),
        (f"{CHOOSES}dataset_path: jsonl\n", "'jsonl' reads no data files. Did you mean 'json'"),
        (f"{CHOOSES}dataset_path: rows.jsonl\n", "dataset_path: is a file; for JSON lines, write"),
        ("output_type: multiple_choice\ndoc_to_choice: '{{ q }}'\ndoc_to_target: label\n",
         r"rows\.jsonl, row 1: choices: doc_to_choice gives no list for this row"),
        (f"{GENERATES}process_docs: !function code.nope\n", "code has no function 'nope'"),
    ],
)  # fmt: skip
def test_a_broken_task_file(load, text, said):
    with pytest.raises(ConfigError, match=said):
        load(text)


@pytest.mark.parametrize(
    ("parameters", "fits"),
    [
        *(("a, b, c", False), ("", False), ("references", True), ("references, wanted", False)),
        *(("references, predictions", True), ("items", True), ("predictions, **kwargs", True)),
        *(("references, predictions, limit=1", True), ("*, references, predictions", True)),
    ],
)
def test_a_function_as_a_metric_takes_what_lm_eval_gives(load, parameters, fits):
    metric = "{metric: !function code.own , aggregation: mean, higher_is_better: true}"
    text, code = f"{GENERATES}metric_list: [{metric}]\n", f"def own({parameters}): return 1.0\n"
    said = f"own({parameters}) must take references and predictions"
    if fits:
        load(text, code=code)
    else:
        with pytest.raises(ConfigError, match=rf"metric_list\[0\].metric: {re.escape(said)}"):
            load(text, code=code)


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("doc_to_text", "def f(a, b): ...",
         r"doc_to_text: f takes \(a, b\), and is called with the row"),
        ("process_docs", "def f(): ...",
         r"process_docs: f takes \(\), and is called with the rows"),
        ("process_results", "def f(doc): ...",
         r"process_results: f takes \(doc\), and is called with the row and the answers"),
        ("process_results", "def f(doc, results): ...", "process_results returns None for row 1"),
        ("process_results", "def f(doc, results): return 1.0",
         "process_results returns 1.0 for row 1"),
        ("custom_dataset", "def f(**kwargs): ...",
         "custom_dataset: f returns nothing; return the rows"),
        ("custom_dataset", "def f(**kwargs): return [1]",
         r"custom_dataset: f returns \[1\]; return the rows"),
        ("process_docs", "raise RuntimeError('no licence')",
         r"the code of task 'ours.yaml' fails in .*code.py, line 1: RuntimeError: no licence"),
        ("process_docs", "def f(docs):\n    return docs.map(g)\ndef g(doc):\n    raise OSError(1)",
         r"fails in .*code.py, line 4: OSError: 1"),
    ],
)  # fmt: skip
def test_a_function_that_cannot_be_used(load, key, code, said):
    with pytest.raises(ConfigError, match=said):
        load(f"{GENERATES}{key}: !function code.f\n", code=f"{code}\n")


def test_a_function_as_a_metric_does_not_take_unknown_options(load):
    code = "def near(references, predictions, within=0): return 1.0\n"
    entry = f"metric: !function code.near, {MEAN}"
    with pytest.raises(ConfigError, match=r"\.withn: unknown option\. Did you mean 'within'"):
        load(f"{GENERATES}metric_list: [{{{entry}, withn: 1}}]\n", code=code)
    assert load(f"{GENERATES}metric_list: [{{{entry}, within: 1}}]\n", code=code).metrics


def test_generation_options_of_engines_and_servers_are_known(load):
    known = "max_new_tokens: 8, num_beams: 2, min_p: 0.1, frequency_penalty: 1, seed: 3, n: 1"
    task = load(f"{GENERATES}generation_kwargs: {{{known}, reasoning_effort: low}}\n")
    [sample] = task.prepare(None)
    assert sample.instances[0].arguments[-1]["reasoning_effort"] == "low"


def test_an_unknown_generation_option_of_a_group_or_of_code_is_refused_before_compute(
    load, tmp_path
):
    load(GENERATES)
    (tmp_path / "cls.py").write_text(
        "from lm_eval.api.task import ConfigurableTask\n"
        "class Own(ConfigurableTask):\n"
        "    def __init__(self, config):\n"
        "        super().__init__(config={k: v for k, v in config.items() if k != 'class'})\n"
        "    def construct_requests(self, doc, ctx, **kwargs):\n"
        "        one = super().construct_requests(doc, ctx, **kwargs)\n"
        "        one.arguments[-1]['stopp'] = 'x'\n"
        "        return one\n"
    )
    (tmp_path / "own.yaml").write_text(f"task: own\n{COMMON}{GENERATES}class: !function cls.Own\n")
    (tmp_path / "g.yaml").write_text(
        "group: g\ngeneration_kwargs: {max_gen_tok: 8}\ntask: [ours]\n"
    )
    with pytest.raises(ConfigError, match=r"max_gen_tok: unknown option.*'max_gen_toks'"):
        load_all(tmp_path, "g.yaml")
    [task] = load_all(tmp_path, "own.yaml")
    with pytest.raises(DataError, match=r"task 'own'.*stopp: unknown option\. Did you mean 'stop'"):
        task.prepare(None)


def test_a_task_without_data(load):
    with pytest.raises(ConfigError, match="dataset_path: missing; give a data set of the hub, or"):
        load(GENERATES, common="test_split: test\ndoc_to_text: q\n")


@pytest.mark.parametrize("code", ["class Sums: ...", "def Sums(): ..."])
def test_a_class_that_is_no_task(tmp_path, code):
    (tmp_path / "cls.py").write_text(f"{code}\n")
    (tmp_path / "c.yaml").write_text("task: c\nclass: !function cls.Sums\n")
    with pytest.raises(ConfigError, match=r"Sums is not derived from lm_eval\.api\.task\.Task"):
        load_all(tmp_path, "c.yaml")


def test_groups_that_contain_each_other(tmp_path):
    for name, member in (("one", "two"), ("two", "three"), ("three", "one")):
        (tmp_path / f"{name}.yaml").write_text(f"group: {name}\ntask: [{member}]\n")
    said = "the group contains itself: one.yaml → two.yaml → three.yaml → one.yaml"
    with pytest.raises(ConfigError, match=said):
        load_all(tmp_path, "one.yaml")


def test_a_member_that_several_files_define(tmp_path, load):
    load(GENERATES)
    (tmp_path / "below").mkdir()
    for path in ("one.yaml", "below/copy.yaml"):
        (tmp_path / path).write_text(f"task: one\n{COMMON}{GENERATES}")
    (tmp_path / "g.yaml").write_text("group: g\ntask: [one]\n")
    with pytest.raises(
        ConfigError, match=r"'one' is defined by several files: below/copy\.yaml, one\."
    ):
        load_all(tmp_path, "g.yaml")


def test_all_problems_of_a_file_are_reported_at_once(load):
    with pytest.raises(ConfigError) as caught:
        load("output_type: generate\nmetric_list: [{metric: no}]\nnope: 1\n")
    assert len(caught.value.problems) >= 4
    assert {problem.file.rpartition("/")[2] for problem in caught.value.problems} == {"ours.yaml"}


def test_a_template_with_an_unknown_column_names_the_columns(load):
    said = "a template or function uses 'question', which the rows lack; columns: q, a, choices"
    with pytest.raises(ConfigError, match=said):
        load(
            f"{GENERATES}doc_to_text: '{{{{ question }}}}'\n",
            common=COMMON.replace('doc_to_text: "{{q}}"\n', ""),
        )


def test_missing_data_are_a_problem_of_the_task_file(load):
    with pytest.raises(ConfigError) as caught:
        load(GENERATES, common=COMMON.replace("rows.jsonl", "gone.jsonl"))
    [problem] = caught.value.problems
    assert (Path(problem.file).name, problem.key) == ("ours.yaml", "dataset_kwargs.data_files")
    assert problem.message.startswith("no such file: ")


def test_an_unknown_registered_task():
    with pytest.raises(ConfigError, match=r"no such task of lm-eval. Did you mean 'hellaswag'"):
        load_benchmark("s", "hellaswog", base_dir=Path(), source="s.yaml", key="k")


@pytest.mark.parametrize(
    ("package", "install"),
    [
        ("langdetect", r"pip install 'evalguard\[benchmarks\]'"),
        ("unheard_of", "install unheard-of"),
    ],
)
def test_a_missing_package_is_reported_with_its_install_line(load, monkeypatch, package, install):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == package:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match=install):
        load(f"{GENERATES}process_docs: !function code.keep\n", code=f"import {package}\n")


def _needing(words):
    """Return code that imports a package that is not there, and says so in its own words."""
    return (
        "try:\n    import unheard_of\nexcept ImportError:\n"
        f"    raise ModuleNotFoundError({words!r})\n"
    )


def test_a_missing_package_that_a_task_reports_in_its_own_words_is_named(load):
    code = _needing("Please install the metrics via pip install everything")
    said = (
        "imports 'unheard_of', which is missing: pip install unheard-of, or put the module next to "
        r"the task file \(the task says: pip install everything\)"
    )
    with pytest.raises(ConfigError, match=said):
        load(f"{GENERATES}process_docs: !function code.keep\n", code=code)


def test_where_a_task_says_how_to_install_what_is_missing_that_is_the_line(load):
    line = "pip install git+https://example.org/Unheard_of"
    code = _needing(f"needs `unheard_of`: `{line}`")
    with pytest.raises(ConfigError) as caught:
        load(f"{GENERATES}process_docs: !function code.keep\n", code=code)
    assert f"which is missing: {line}, or put the module" in str(caught.value)
    assert "unheard-of" not in str(caught.value)


def test_a_line_that_would_not_install_what_is_missing_is_not_the_one_shown(load):
    """As where two names ran together."""
    line = "pip install evaluate unheard_ofgit+https://example.org/other.git"
    code = _needing(f"Please run {line}")
    with pytest.raises(ConfigError) as caught:
        load(f"{GENERATES}process_docs: !function code.keep\n", code=code)
    assert "which is missing: pip install unheard-of, or put the module" in str(caught.value)
    assert f"(the task says: {line})" in str(caught.value)


def test_a_function_within_a_class_is_no_missing_package(load):
    code = "class Filter:\n    def apply(resps, docs): return resps\n"
    given = "{name: f, filter: [{function: custom, filter_fn: !function code.Filter.apply }]}"
    with pytest.raises(ConfigError) as caught:
        load(f"{GENERATES}filter_list: [{given}]\n", code=code)
    assert "!function code.Filter.apply: lm-eval reads MODULE.FUNCTION; write" in str(caught.value)
    assert "pip install" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("choices.index(a)", "ValueError: 'x' is not in list"),
        ("1 // (a | length - 1)", "ZeroDivisionError: "),
        ("a[1] + 'x'", "UndefinedError: str object has no element 1"),
        ("{'ab': 1}[a] + 1", "UndefinedError: 'dict object' has no attribute 'x'"),
    ],
)
@pytest.mark.parametrize("key", ["doc_to_text", "doc_to_target"])
@pytest.mark.parametrize("bad_row", [1, 2])
def test_a_template_that_fails_on_a_row_is_named_with_the_row(load, key, template, error, bad_row):
    rows = [{"q": "1?", "a": "ab", "choices": ["ab"]}, {"q": "2?", "a": "x", "choices": ["y"]}]
    keys = {"doc_to_text": "q", "doc_to_target": "a", key: f'"{{{{ {template} }}}}"'}
    text = "output_type: generate_until\n" + "".join(f"{k}: {v}\n" for k, v in keys.items())
    common = COMMON.replace('doc_to_text: "{{q}}"\n', "")
    with pytest.raises((ConfigError, DataError)) as caught:
        load(text, rows=rows[:: 1 if bad_row == 2 else -1], common=common).prepare(None)
    said = f"row {bad_row}: {key}: {'{{ ' + template + ' }}'!r} fails: {error}"
    assert said in str(caught.value)


def test_all_missing_packages_are_said_at_once(load):
    code = (
        "try:\n    import nothing_at_all\n    from bs4_not_here import soup\n"
        "except ImportError:\n    raise ImportError('install them')\n"
        "try:\n    import not_needed\nexcept ImportError:\n    pass\n"
        "import unheard_of.part, os, langdetect\n"
        "def scores(doc, results): return {'acc': 1.0}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(f"{GENERATES}process_results: !function code.scores\n", code=code)
    said = str(caught.value)
    assert "imports 'nothing_at_all', 'bs4_not_here', 'unheard_of', which are missing" in said
    assert "pip install bs4-not-here nothing-at-all unheard-of, or put a module next" in said
    assert "not_needed" not in said
    assert "langdetect" not in said


def test_a_package_that_only_scoring_needs_is_missed_before_compute(load, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "langdetect":
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    code = "def scores(doc, results):\n    import langdetect\n    return {'acc': 1.0}\n"
    text = f"{GENERATES}process_results: !function code.scores\nmetric_list: [{{metric: acc}}]\n"
    with pytest.raises(ConfigError, match=r"evalguard\[benchmarks\]"):
        load(text, code=code)


@pytest.mark.parametrize(
    ("file", "content"),
    [("rows.jsonl", ""), ("rows.json", "[]"), ("rows.csv", "q,a\n"), ("rows.jsonl", " \n\n")],
)
def test_a_data_file_without_rows_is_named(tmp_path, file, content):
    (tmp_path / file).write_text(content)
    builder = "csv" if file.endswith("csv") else "json"
    data = COMMON.replace("rows.jsonl", file).replace(": json", f": {builder}")
    (tmp_path / "ours.yaml").write_text(f"task: ours\n{data}{GENERATES}")
    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path, "ours.yaml")
    [problem] = caught.value.problems
    assert Path(problem.file).name == file
    assert problem.message.startswith("no rows")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(docs):\n    docs.map(lambda doc: doc)\n", "f returns nothing; return the rows"),
        (
            "def f(docs):\n    return docs.filter(lambda doc: False)\n",
            "f leaves no rows of the split",
        ),
        ("def f(docs):\n    return docs.select([])\n", "f leaves no rows of the split 'test'"),
        ("def f(docs:\n", r"code\.py, line 1: not Python: "),
    ],
)
def test_rows_that_a_function_loses(load, tmp_path, code, said):
    with pytest.raises(ConfigError, match=said):
        load(f"{GENERATES}process_docs: !function code.f\n", code=code)


def test_a_member_that_a_group_lacks_is_named_in_the_group(load, tmp_path):
    load(GENERATES)
    (tmp_path / "all.yaml").write_text("group: all\ntask: [ours, hellaswog]\n")
    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path, "all.yaml")
    [problem] = caught.value.problems
    assert (Path(problem.file).name, problem.key) == ("all.yaml", "task")
    assert problem.message.startswith("'hellaswog' is not an lm-eval task, and no file")
    assert "Did you mean 'hellaswag'" in problem.message


def test_a_range_for_a_metric_that_no_task_has(load):
    declared = {"exact_macth": Declared(0, 100)}
    with pytest.raises(ConfigError, match=r"metrics\.exact_macth: no such metric\. Did you mean"):
        load(GENERATES, declared=declared)


def test_more_solved_examples_than_rows(load):
    task = load(f"{GENERATES}num_fewshot: 7\nfewshot_split: test\n")
    said = r"row 1: num_fewshot is 7, but the split 'test' has only 1 rows; lower it"
    with pytest.raises(DataError, match=said):
        task.prepare(None)


def test_a_list_of_targets_in_a_solved_example(load):
    task = load(
        f"{CHOOSES.replace('label', 'gold')}num_fewshot: 1\n",
        rows=[{"q": f"Question {n}", "choices": ["a", "b"], "gold": [0]} for n in "123"],
    )
    with pytest.raises(Exception, match="num_fewshot: 0"):
        task.prepare(None)


def test_a_group_without_tasks(tmp_path):
    (tmp_path / "g.yaml").write_text("group: g\n")
    with pytest.raises(ConfigError, match="task: must list the group's tasks"):
        load_all(tmp_path, "g.yaml")


def test_a_group_takes_the_tasks_beside_it_and_its_own_weights(load, tmp_path):
    load(GENERATES)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"task: {name}\n{COMMON}{GENERATES}")
    (tmp_path / "g.yaml").write_text(
        "group: g\ntask: [one, {task: two, description: 'Sums. '}]\n"
        "aggregate_metric_list: [{metric: exact_match, weight_by_size: false}]\n"
    )
    one, two = load_all(tmp_path, "g.yaml")
    assert (one.name, two.name) == ("one", "two")
    assert one.equal_weights == two.equal_weights == {"exact_match"}
    [sample] = two.prepare(None)
    assert sample.prompt == "Sums. 2 + 2?"


def test_a_python_class_is_a_task(tmp_path, load):
    load(GENERATES)
    (tmp_path / "cls.py").write_text(CLASS)
    (tmp_path / "c.yaml").write_text(
        "task: c\nclass: !function cls.Sums\n"
        "dataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}\n"
    )
    [task] = load_all(tmp_path, "c.yaml")
    [sample] = task.prepare(None)
    assert sample.prompt == "Sum: 2 + 2?"
    assert task.score(sample, ["4"]).scores == {"right": 1.0}
    assert task.score(sample, ["5"]).scores == {"right": 0.0}
    assert "files" in str(task.definition["class"])


CLASS = """
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask


class Sums(ConfigurableTask):
    VERSION = 1
    DATASET_PATH = "org/elsewhere"

    def __init__(self, config=None):
        super().__init__(config={"metadata": {"version": 1}, "test_split": "test",
                                 "doc_to_text": "{{q}}", "doc_to_target": "{{a}}"})

    def doc_to_text(self, doc, **_):
        return "Sum: " + doc["q"]

    def construct_requests(self, doc, ctx, **kwargs):
        kwargs.pop("apply_chat_template", None)
        kwargs.pop("chat_template", None)
        return [Instance("generate_until", doc, (ctx, {"until": []}), 0, **kwargs)]

    def process_results(self, doc, results):
        return {"right": float(results[0] == doc["a"])}

    def aggregation(self):
        return {"right": mean}

    def higher_is_better(self):
        return {"right": True}
"""


def test_code_that_raises_anything_is_no_defect_of_evalguard(load):
    code = "def keep(docs):\n    return undefined_name\n"
    with pytest.raises(ConfigError, match="NameError: name 'undefined_name' is not defined"):
        load(f"{GENERATES}process_docs: !function code.keep\n", code=code)


def test_code_that_ends_the_program_does_not_end_the_check(load):
    with pytest.raises(ConfigError, match="ended the program: install the parser"):
        load(
            f"{GENERATES}process_docs: !function code.keep\n",
            code="import sys\nsys.exit('install the parser')\n",
        )
    code = "import sys\ndef scores(doc, results):\n    sys.exit('no such label')\n"
    text = f"{GENERATES}process_results: !function code.scores\nmetric_list: [{{metric: acc}}]\n"
    task = load(text, code=code)
    [sample] = task.prepare(None)
    with pytest.raises(MeasurementError, match="SystemExit: no such label"):
        task.score(sample, ["4"])


def test_a_name_that_an_installed_package_lacks_is_no_missing_package(load):
    with pytest.raises(ConfigError, match="does not fit the installed 'datasets'") as raised:
        load(
            f"{GENERATES}process_docs: !function code.keep\n",
            code="from datasets import load_metric\n",
        )
    assert "pip install datasets" not in str(raised.value)


def test_broken_data_name_file_and_line(load, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"q": "x", "a": "y"}\nnot json\n')
    (tmp_path / "ours.yaml").write_text(f"task: ours\n{COMMON}{GENERATES}")
    with pytest.raises(DataError, match=r"rows\.jsonl:2: not JSON"):
        load_all(tmp_path, "ours.yaml")


def test_a_broken_pattern_is_found_before_any_answer(load):
    text = "filter_list: [{name: f, filter: [{function: regex, regex_pattern: '('}]}]\n"
    with pytest.raises(ConfigError, match=r"filter_list\[0\]\.filter: regex_pattern: '\(' is not"):
        load(GENERATES + text)


def test_missing_data_of_nltk_are_found_before_any_answer(load, monkeypatch):
    import nltk

    code = (
        "def split(text):\n    import nltk\n    return nltk.data.load('tokenizers/punkt_tab')\n"
        "def scores(doc, results):\n    return {'acc': 1.0}\n"
    )
    text = f"{GENERATES}process_results: !function code.scores\nmetric_list: [{{metric: acc}}]\n"
    monkeypatch.setattr(nltk.data, "path", [])
    with pytest.raises(ConfigError, match=r"python -m nltk\.downloader punkt_tab"):
        load(text, code=code)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "import os; os.environ['SCORER_KEY']",
            "the environment variable SCORER_KEY, which is not",
        ),
        ("import os; os.getenvb(b'X') or os.environ['SCORER_URL']", "variable SCORER_URL"),
        ("open('/nowhere/words.txt')", "needs '/nowhere/words.txt', which does not exist"),
        ("import subprocess; subprocess.run(['no-such-judge'])", "needs 'no-such-judge'"),
    ],
)
def test_what_scoring_needs_is_found_before_any_answer(load, monkeypatch, body, message):
    for name in ("SCORER_KEY", "SCORER_URL"):
        monkeypatch.delenv(name, raising=False)
    code = f"def scores(doc, results):\n    {body}\n    return {{'acc': 1.0}}\n"
    text = f"{GENERATES}process_results: !function code.scores\nmetric_list: [{{metric: acc}}]\n"
    with pytest.raises(ConfigError, match=re.escape(message)):
        load(text, code=code)


def test_a_metric_that_code_fetches_from_the_hub_is_refused_in_our_words(load):
    code = (
        "import evaluate\n"
        "try:\n"
        "    meteor = evaluate.load('meteor')\n"
        "except Exception as error:\n"
        "    raise RuntimeError('Please check your installation.') from error\n"
        "def scores(doc, results):\n"
        "    return {'acc': 1.0}\n"
    )
    text = f"{GENERATES}process_results: !function code.scores\nmetric_list: [{{metric: acc}}]\n"
    with pytest.raises(ConfigError, match=r"the metric 'meteor' would.*pip install nltk") as raised:
        load(text, code=code)
    assert "check your installation" not in str(raised.value)


def test_dummy_answers_are_sent_to_no_one(load):
    sent = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        code = (
            "import urllib.request\n"
            "def scores(doc, results):\n"
            f"    urllib.request.urlopen('http://127.0.0.1:{server.server_port}', b'x')\n"
            "    return {'acc': 1.0}\n"
        )
        metrics = "process_results: !function code.scores\nmetric_list: [{metric: acc}]\n"
        load(f"{GENERATES}{metrics}", code=code)
        server.shutdown()
    assert sent == []


def test_a_group_may_define_its_tasks(load, tmp_path):
    load(GENERATES)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "_common.yaml").write_text(f"{COMMON}{GENERATES}")
    write_jsonl(tmp_path / "base" / "rows.jsonl", [{"q": "one?", "a": "1"}])
    write_jsonl(tmp_path / "two.jsonl", [{"q": "two?", "a": "2"}])
    (tmp_path / "g.yaml").write_text(
        "group: g\ntask:\n"
        "  - {task: one, include: base/_common.yaml}\n"
        "  - task: two\n    include: base/_common.yaml\n"
        "    dataset_kwargs: {data_files: {test: two.jsonl}}\n"
    )
    found = load_all(tmp_path, "g.yaml")
    assert [(one.name, one.prepare(None)[0].prompt) for one in found] == [
        ("one", "one?"),
        ("two", "two?"),
    ]


def test_a_group_within_a_group_with_functions(load, tmp_path):
    load(GENERATES, code="def shout(doc):\n    return doc['q'].upper() + ' ÖH'\n")
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"task: {name}\n{COMMON}{GENERATES}")
    (tmp_path / "g.yaml").write_text(
        "group: g\ndoc_to_text: !function code.shout\ntask:\n"
        "  - one\n  - {group: inner, task: [two]}\n"
    )
    found = load_all(tmp_path, "g.yaml")
    assert [one.prepare(None)[0].prompt for one in found] == ["2 + 2? ÖH"] * 2
