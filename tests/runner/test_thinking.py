"""A model's thinking is no part of its answers, whoever scores them (S2)."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from rich.console import Console

from evalguard.config import load_project
from evalguard.engines.chat import PromptTokenizer
from evalguard.errors import UsageError
from evalguard.records import CheckResult, GateResult, Verdict
from evalguard.reports.html import render_html
from evalguard.reports.markdown import render_markdown
from evalguard.reports.terminal import failure_text, print_summary
from evalguard.runner.check import run_check
from evalguard.runner.labelling import find, items
from evalguard.runner.model_thinking import find_thinking, template_facts
from evalguard.store import SampleStore
from tests.conftest import write_jsonl
from tests.engines.servers import replying_server

N = 40
SEED = 1234
LONG = 5
"""Questions that are asked beforehand, to see whether the server cuts answers."""

SUM = "{sum}"
WRONG = "<think>\nThat is {sum}.\n</think>\n\n{other}"
RIGHT = "<think>\nIs it {other}? No.\n</think>\n\n{sum}"
CUT = "<think>\nThat is {sum}. Let me check"
LISTED = {"data": [{"id": name, "max_model_len": 4096} for name in ("base", "cand", "judge")]}


class Server:
    """Answers sums as it is told, and ends at stop strings as servers do."""

    def __init__(self) -> None:
        self.says = {"base": SUM, "cand": SUM}
        self.asked: list[dict[str, Any]] = []

    def __call__(self, _path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, LISTED
        text = self._text(body["model"], body["messages"][0]["content"])
        if body["temperature"] and "#" not in text and "#" not in str(body["messages"]):
            text += f" ({body['seed']})"
        self.asked.append(body)
        for stop in body.get("stop") or []:
            text = text.split(stop)[0]
        return 200, {"choices": [{"index": 0, "message": {"content": text}}]}

    def _text(self, model: str, prompt: str) -> str:
        if model == "judge" and "#" in prompt:
            return "<think>\n\n</think>\n\n" + ("Yes" if _judged_right(prompt) else "No")
        found = re.search(r"#(\d+) plus (\d+)", prompt)
        if not found or "explain" in prompt:
            return f"I am {model}: {prompt}"
        number, more = map(int, found.groups())
        said = self.says[model]
        told = said(number) if callable(said) else said
        return told.format(sum=number + more, other=number + more + 7)


def _judged_right(prompt: str) -> bool:
    """Judge by the answer alone: the first number of it is the sum."""
    number, more = map(int, re.findall(r"#(\d+) plus (\d+)", prompt)[-1])
    answer = re.search(r"\nAnswer:\n(.*?)\n\nDoes", prompt, re.DOTALL)
    assert answer
    return re.findall(r"\d+", answer[1])[:1] == [str(number + more)]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def folder(tmp_path: Path, demo_model: Path, adapters: Path, server: Server) -> Iterator[Path]:
    (tmp_path / "suites").mkdir()
    (tmp_path / "thresholds").mkdir()
    rows = [{"q": f"#{i} plus 10", "a": str(i + 10)} for i in range(N)]
    write_jsonl(tmp_path / "suites" / "sums.jsonl", rows)
    with replying_server(server) as url:
        options = {
            "base_url": url,
            "api": "chat",
            "model": "base",
            "num_concurrent": 1,
            "trust_route": True,
        }
        project = {
            "version": 1,
            "engine": {"name": "endpoint", "options": options},
            "baseline": {"model": str(demo_model)},
            "candidates": {"cand": {"adapter": str(adapters / "harmless")}},
            "suites": ["sums"],
            "thresholds": "t",
        }
        (tmp_path / "evalguard.yaml").write_text(yaml.safe_dump(project))
        yield tmp_path


def check(
    folder: Path, metric: str = "contains", *overrides: str, task: Any = None, **gate: Any
) -> CheckResult:
    own = {
        "kind": "test_set",
        "data": "sums.jsonl",
        "prompt": "{{ q }}",
        "target": "{{ a }}",
        "scorers": ["exact_match", "contains", "numeric"],
        "max_new_tokens": 64,
    }
    suite = {"version": 1, "ability": "task", "tasks": [{**own, **(task or {})}]}
    if task and "kind" in task:
        suite["tasks"] = [task]
    (folder / "suites" / "sums.yaml").write_text(yaml.safe_dump(suite))
    gates = [{"suite": "sums", "metric": metric, **(gate or {"max_drop": "20pp"})}]
    thresholds = {"version": 1, "on_inconclusive": "warn", "gates": gates}
    (folder / "thresholds" / "t.yaml").write_text(yaml.safe_dump(thresholds))
    loaded = load_project(folder / "evalguard.yaml", overrides=overrides)
    return run_check(loaded, [(one, "cand") for one in loaded.thresholds.gates], full=True)


def only(result: CheckResult) -> GateResult:
    [gate] = result.gates
    return gate


@pytest.mark.parametrize("metric", ["contains", "exact_match_lenient", "numeric"])
def test_a_right_thought_before_a_wrong_answer_is_wrong(folder, server, metric):
    server.says["cand"] = WRONG
    gate = only(check(folder, metric))
    assert (gate.baseline, gate.candidate, gate.verdict) == (1.0, 0.0, Verdict.FAIL)


def test_a_wrong_thought_before_a_right_answer_is_right(folder, server):
    server.says["cand"] = RIGHT
    gate = only(check(folder, "exact_match"))
    assert (gate.candidate, gate.verdict) == (1.0, Verdict.PASS)


def test_all_that_was_written_is_kept_and_shown_apart(folder, server):
    server.says["cand"] = WRONG
    result = check(folder)
    [run] = [run for run in result.tasks if run.model == "cand"]
    with SampleStore(folder / ".evalguard" / "store.db") as store:
        samples = {sample.target: sample for sample in store.all_samples(run.fingerprint)}
    assert samples["10"].outputs == ("<think>\nThat is 10.\n</think>\n\n17",)
    assert samples["10"].said == ("17",)
    assert samples["10"].thinking_tokens > 0
    pair = only(result).worst[0]
    assert "<think>" not in pair.candidate_output
    assert pair.candidate_written.startswith("<think>")
    assert pair.baseline_written == ""
    page = render_html(result)
    assert page.count("Including thinking") == len(only(result).worst)


def test_unclosed_thinking_is_counted_shown_and_scores_the_worst(folder, server):
    server.says["cand"] = lambda number: CUT if number % 2 else RIGHT
    result = check(folder)
    gate = only(result)
    assert (gate.candidate, gate.verdict) == (0.5, Verdict.FAIL)
    told = "20 of 40 answers never finished thinking"
    assert gate.reason.endswith(f"cand: {told}")
    told = "cand: 20 of 40 answers of sums/sums never finished thinking within max_new_tokens 64"
    assert any(told in warning for warning in result.warnings)
    assert told in render_html(result)
    assert "unfinished_thinking" in gate.flags
    [finding] = result.findings
    assert "raise max_new_tokens" in finding.explanation
    printed = StringIO()
    console = Console(file=printed, width=400)
    print_summary(result, console=console)
    assert told in printed.getvalue()
    assert "20 of 40 answers of sums/sums never finished" in render_markdown(result)
    assert "(no answer after) <think>" in failure_text(gate)
    assert {run.model: run.unclosed for run in result.tasks} == {"baseline": 0, "cand": 20}


def test_unclosed_thinking_is_the_worst_where_less_is_better(folder, server):
    server.says["cand"] = CUT
    gate = only(check(folder, "thinking_tokens", max=32))
    assert (gate.candidate, gate.verdict) == (64.0, Verdict.FAIL)


@pytest.mark.parametrize("share", [1, 8])
def test_a_baseline_that_never_finished_thinking_lets_nothing_pass(folder, server, share):
    server.says["base"] = lambda number: SUM if number % share else CUT
    server.says["cand"] = WRONG
    gate = only(check(folder))
    assert gate.verdict in {Verdict.ERROR, Verdict.INCONCLUSIVE}
    assert "baseline" in gate.reason
    assert "never finished thinking" in gate.reason


@pytest.mark.parametrize("every", [1, 8])
def test_a_candidate_that_owes_answers_does_not_pass_where_nothing_can_be_lost(
    folder, server, every
):
    server.says["base"] = "{other}"
    server.says["cand"] = lambda number: "{other}" if number % every else CUT
    gate = only(check(folder))
    assert gate.verdict is Verdict.ERROR
    assert "no candidate could fail max_drop" in gate.reason


def test_one_answer_that_never_came_is_one_loss(folder, server):
    server.says["cand"] = lambda number: SUM if number else CUT
    gate = only(check(folder))
    assert (gate.verdict, gate.losses) == (Verdict.PASS, 1)
    assert gate.reason.endswith("cand: 1 of 40 answers never finished thinking")


def test_another_option_scores_stored_answers_again(folder, server):
    server.says["cand"] = WRONG
    assert only(check(folder)).verdict is Verdict.FAIL
    off = check(folder, "contains", "candidates.cand.thinking=off")
    assert off.timing["engine_calls"] == 0
    assert only(off).verdict is Verdict.PASS
    assert any("(thinking: off)" in note for model in off.models for note in model.notes)
    back = check(folder)
    assert back.timing["engine_calls"] == 0
    assert only(back).verdict is Verdict.FAIL


def test_the_option_of_the_baseline_holds_for_its_adapters(folder, server):
    server.says["cand"] = "((That is {sum}.)) {other}"
    assert only(check(folder)).verdict is Verdict.PASS
    marks = 'baseline.thinking={start: "((", end: "))"}'
    again = check(folder, "contains", marks)
    assert only(again).verdict is Verdict.FAIL
    assert again.timing["engine_calls"] == 0


@pytest.mark.parametrize("stop", ["\n", "\n\n", "No."])
def test_stop_strings_end_the_answer_and_never_the_thinking(folder, server, stop):
    server.says = dict.fromkeys(server.says, RIGHT + stop + " 99")
    result = check(folder, "exact_match", task={"stop": [stop]})
    assert only(result).baseline == 1.0
    assert {run.unclosed for run in result.tasks} == {0}
    sums = questions(server)
    assert [stop in body.get("stop", []) for body in sums].count(False) == 2 * N
    again = check(folder, "contains", task={"stop": [stop]}, max_drop="10pp")
    assert again.timing["engine_calls"] == 0


def test_answers_that_a_stop_string_cut_are_asked_again_when_the_option_changes(folder, server):
    server.says = dict.fromkeys(server.says, RIGHT)
    off = check(folder, "exact_match", "baseline.thinking=off", task={"stop": ["\n"]})
    assert only(off).baseline == 0.0
    again = check(folder, "exact_match", task={"stop": ["\n"]})
    assert only(again).baseline == 1.0
    assert again.timing["engine_calls"] > 0


def test_no_model_that_does_not_think_is_asked_twice(folder, server):
    check(folder, "exact_match", task={"stop": ["\n"]})
    assert len(questions(server)) == 2 * (N + LONG)


def questions(server):
    """Return the requests for answers, without those that look who answers."""
    asked = [b for b in server.asked if "#" in json.dumps(b) and b.get("seed", SEED) == SEED]
    return [body for body in asked if "logprobs" not in body and "explain" not in str(body)]


def test_a_benchmark_scores_answers_alone(folder, server):
    task = {
        "task": "sums",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "sums.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "generation_kwargs": {"until": ["\n\n"], "max_gen_toks": 64},
        "doc_to_text": "{{q}}",
        "doc_to_target": "{{a}}",
        "filter_list": [
            {
                "name": "number",
                "filter": [
                    {"function": "regex", "regex_pattern": r"(\d+)"},
                    {"function": "take_first"},
                ],
            }
        ],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / "suites" / "task.yaml").write_text(yaml.safe_dump(task))
    benchmark = {"kind": "benchmark", "task": "task.yaml"}
    server.says["cand"] = lambda number: CUT if number % 2 else WRONG
    result = check(folder, "exact_match", task=benchmark)
    assert (only(result).baseline, only(result).candidate) == (1.0, 0.0)
    assert [run.unclosed for run in result.tasks if run.model == "cand"] == [20]


class TestJudged:
    TASK: ClassVar = {
        "kind": "judge",
        "data": "sums.jsonl",
        "prompt": "{{ q }}",
        "criterion": "The answer is the sum.",
        "labelled": "labelled.jsonl",
        "max_new_tokens": 64,
    }

    @pytest.fixture(autouse=True)
    def _judge(self, folder, demo_model):
        rows = [
            {"q": f"#{i} plus 1", "answer": str(i + 1 + i % 2), "label": "no" if i % 2 else "yes"}
            for i in range(40)
        ]
        write_jsonl(folder / "suites" / "labelled.jsonl", rows)
        path = folder / "evalguard.yaml"
        project = yaml.safe_load(path.read_text())
        options = {**project["engine"]["options"], "model": "judge"}
        engine = {"name": "endpoint", "max_length": 4096, "options": options}
        project["judge"] = {"model": str(demo_model), "engine": engine}
        path.write_text(yaml.safe_dump(project))

    def test_a_judge_sees_the_answer_alone(self, folder, server):
        server.says["cand"] = lambda number: CUT if number < 6 else WRONG
        gate = only(check(folder, "approved", task=self.TASK))
        assert (gate.baseline, gate.candidate, gate.verdict) == (1.0, 0.0, Verdict.FAIL)
        asked = [b["messages"][0]["content"] for b in server.asked if b["model"] == "judge"]
        shown = [text for text in asked if "#" in text]  # without the engine's own question
        assert not any("That is" in text for text in shown)
        assert len(shown) >= 40 + N + N - 6 + LONG

    def test_people_label_what_a_judge_sees(self, folder, server):
        server.says["cand"] = lambda number: CUT if number < 6 else WRONG
        check(folder, "approved", task=self.TASK)
        project = load_project(folder / "evalguard.yaml")
        found = items(project, find(project, "sums"), 2 * N)
        assert len(found) == 2 * N - 6
        assert not any("That is" in item.answers["answer"] for item in found)


def test_diversity_counts_the_words_of_answers(folder, server):
    task = {"kind": "diversity", "data": "sums.jsonl", "prompt": "{{ q }}", "samples": 4}
    server.says["cand"] = "<think>{sum} a b c d e f g h</think>{sum}"
    gate = only(check(folder, "length_change", task=task))
    assert gate.candidate == 0.0
    server.says["cand"] = CUT
    gate = only(check(folder, "length_change", "seed=1", task=task))
    assert gate.candidate == -1.0


def test_how_long_a_model_thinks_can_be_gated(folder, server):
    server.says = {"base": RIGHT, "cand": RIGHT.replace("No.", "No. " * 8)}
    gate = only(check(folder, "thinking_tokens", max_drop="20%"))
    assert gate.verdict is Verdict.FAIL
    assert gate.baseline
    assert gate.candidate
    assert gate.candidate > gate.baseline
    assert not gate.higher_is_better
    assert only(check(folder, "thinking_tokens", max=60)).verdict is Verdict.PASS


BENCHMARK = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: ../sums.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{ q }}"
doc_to_target: "{{ a }}"
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
generation_kwargs: {until: ["####"], do_sample: false, max_gen_toks: 64}
"""


@pytest.fixture
def benchmark(folder):
    """The sums as a task of lm-eval."""
    (folder / "suites" / "tasks").mkdir()
    (folder / "suites" / "tasks" / "sums.yaml").write_text(BENCHMARK)
    return {"kind": "benchmark", "task": "tasks/sums.yaml"}


def test_how_long_a_model_thinks_in_a_task_of_lm_eval_can_be_gated(folder, server, benchmark):
    server.says = {"base": RIGHT, "cand": RIGHT.replace("No.", "No. " * 8)}
    gate = only(check(folder, "thinking_tokens", task=benchmark, max_drop="20%"))
    assert gate.verdict is Verdict.FAIL
    assert gate.baseline
    assert gate.candidate
    assert gate.candidate > gate.baseline
    assert not gate.higher_is_better
    assert only(check(folder, "thinking_tokens", task=benchmark, max=60)).verdict is Verdict.PASS
    points = only(check(folder, "thinking_tokens", task=benchmark, max_drop="50 points"))
    assert points.verdict is Verdict.PASS


def test_the_default_limit_is_that_of_the_endpoint(folder, server, benchmark):
    """Growth beyond lm-eval's 256 tokens is seen, and nothing is counted as the maximum."""
    file = folder / "suites" / "tasks" / "sums.yaml"
    file.write_text(file.read_text().replace(", max_gen_toks: 64", ""))
    words = {"base": 60, "cand": 300}
    server.says = {model: RIGHT.replace("No.", "No. " * number) for model, number in words.items()}
    project = yaml.safe_load((folder / "evalguard.yaml").read_text())
    project["engine"]["options"]["max_gen_toks"] = 2048
    (folder / "evalguard.yaml").write_text(yaml.safe_dump(project))
    gate = only(check(folder, "thinking_tokens", task=benchmark, max_drop="50%"))
    assert gate.verdict is Verdict.FAIL
    assert gate.candidate
    assert gate.baseline
    assert gate.baseline < 256
    assert gate.candidate > 1000


def test_unclosed_thinking_in_a_task_of_lm_eval_has_its_maximum_length(folder, server, benchmark):
    server.says["cand"] = CUT
    gate = only(check(folder, "thinking_tokens", task=benchmark, max=32))
    assert (gate.candidate, gate.verdict) == (64.0, Verdict.FAIL)


@pytest.mark.parametrize("kind", ["benchmark", "test_set"])
@pytest.mark.parametrize(
    "case",
    [
        (1, {"max": 0.2}, Verdict.FAIL),
        (2, {"max_drop": "10pp"}, Verdict.FAIL),
        (20, {"max": 0.5}, Verdict.PASS),
        (8, {"max_drop": "60pp"}, Verdict.PASS),
        (0, {"max": 0.2}, Verdict.PASS),
    ],
)
def test_the_share_of_unclosed_thinking_can_be_gated(folder, server, benchmark, kind, case):
    every, gate, verdict = case
    server.says["base"] = RIGHT
    server.says["cand"] = lambda number: RIGHT if not every or number % every else CUT
    task = benchmark if kind == "benchmark" else None
    found = only(check(folder, "unclosed_thinking", task=task, **gate))
    assert (found.baseline, found.candidate) == (0.0, 1 / every if every else 0.0)
    assert (found.verdict, found.higher_is_better) == (verdict, False)


def test_where_no_model_ever_answers_no_share_of_answers_passes(folder, server, benchmark):
    server.says = {"base": CUT, "cand": CUT}
    gate = only(check(folder, "unclosed_thinking", task=benchmark, max_drop="5pp"))
    assert gate.verdict is Verdict.ERROR


def test_a_task_of_choices_has_no_thinking_to_gate(folder, benchmark):
    text = BENCHMARK.replace("generate_until", "multiple_choice") + 'doc_to_choice: ["10", "11"]\n'
    text = text.replace('"{{ a }}"', "0").replace("exact_match", "acc")
    text = "\n".join(line for line in text.splitlines() if "generation_kwargs" not in line)
    (folder / "suites" / "tasks" / "sums.yaml").write_text(text)
    with pytest.raises(UsageError, match="no metric 'unclosed_thinking'"):
        check(folder, "unclosed_thinking", task=benchmark, max=0.1)


def test_models_that_do_not_think_have_no_tokens_of_it(folder):
    assert only(check(folder, "thinking_tokens", max=10)).candidate == 0.0


@pytest.fixture
def tokenizer(demo_model, tmp_path):
    """A tokenizer with another chat template."""
    from transformers import AutoTokenizer

    def make(template: str) -> PromptTokenizer:
        plain = AutoTokenizer.from_pretrained(demo_model)
        plain.chat_template = template
        plain.save_pretrained(tmp_path / "tokenizer")
        return PromptTokenizer(str(tmp_path / "tokenizer"))

    return make


TURNS = """{%- for message in messages -%}<|{{ message['role'] }}|>
{%- if message['reasoning_content'] -%}START{{ message['reasoning_content'] }}END{%- endif -%}
{{ message['content'] }}<|end|>{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>OPEN{%- endif -%}"""


def template(start: str, end: str, *, opens: bool = False) -> str:
    """Return a template that puts marks around an assistant's reasoning."""
    opened = TURNS.replace("OPEN", start if opens else "")
    return opened.replace("START", start).replace("END", end)


@pytest.fixture
def spec(folder):
    def make(*overrides: str) -> Any:
        return load_project(folder / "evalguard.yaml", overrides=overrides).models["baseline"]

    check(folder)  # writes suites and thresholds
    return make


HF = 'engine={name: "hf"}'


@pytest.mark.parametrize("marks", [("<think>\n", "\n</think>\n"), ("<mind>\n", "\n</mind>\n")])
@pytest.mark.parametrize("opens", [False, True])
def test_the_template_tells_the_marks(tokenizer, spec, marks, opens):
    facts = template_facts(tokenizer(template(*marks, opens=opens)))
    thinking = find_thinking(spec(HF), facts, rendered=True)
    start = "" if opens else marks[0]
    assert thinking.split(f"{start}12?{marks[1]}11").answer == "11"
    assert thinking.split(f"{start}12? 11").unclosed
    assert thinking.split("11").unclosed is opens
    plain = find_thinking(spec(HF), facts, rendered=False)
    assert not plain.split("11").unclosed


def test_a_template_without_reasoning_tells_none(tokenizer, spec, demo_model):
    facts = template_facts(PromptTokenizer(str(demo_model)))
    assert facts["around"] is None
    assert find_thinking(spec(HF), facts, rendered=True).own == ()
    assert template_facts(tokenizer("{{ messages | tojson }}"))["around"] is None
    assert template_facts(tokenizer("{{ messages | map(attribute='x') }}"))["around"] is None


def test_any_name_of_reasoning_is_tried(tokenizer):
    asked = template("((", "))").replace("reasoning_content", "thinking")
    assert template_facts(tokenizer(asked))["around"] == ("((", "))")


def test_a_chat_server_may_take_thinking_away_itself(tokenizer, spec):
    facts = template_facts(tokenizer(template("<think>\n", "\n</think>\n", opens=True)))
    thinking = find_thinking(spec(), facts, rendered=True)
    assert not thinking.split("11").unclosed
    always = find_thinking(spec('baseline.thinking={end: "</think>"}'), facts, rendered=True)
    assert always.split("11").unclosed


def test_an_engine_does_not_throw_thinking_away(tokenizer, spec, demo_model):
    facts = template_facts(PromptTokenizer(str(demo_model)))
    options = 'engine={name: "hf", options: {think_end_token: "DONE"}}'
    thinking = find_thinking(spec(options), facts, rendered=True)
    assert thinking.split("12? DONE 11").answer == "11"
    with pytest.raises(UsageError, match="is a token id"):
        find_thinking(spec(options.replace('"DONE"', "17")), facts, rendered=True)


@pytest.mark.parametrize("thinking", ["auto", "off"])
def test_an_answer_of_transformers_begins_where_its_prompt_left_off(
    project, edit, tokenizer, thinking
):
    tokenizer(template("<think>\n", "\n</think>\n", opens=True))
    options = f"{{tokenizer: tokenizer, thinking: {thinking}, model: "
    edit("evalguard.yaml", "baseline: {model: ", f"baseline: {options}")
    edit("evalguard.yaml", "[general, facts]", "[facts]")
    edit("thresholds/release.yaml", "  - {name: no forgetting", "  # {name: no forgetting")
    edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 4")
    loaded = load_project(project / "evalguard.yaml")
    gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
    gate = only(run_check(loaded, gates, full=True))
    assert gate.verdict is Verdict.ERROR, gate.reason
    assert ("never finished thinking" in gate.reason) is (thinking == "auto")
