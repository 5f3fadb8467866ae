"""A judge on real answers: admitted by labels, corrected for its errors, else an error (S8)."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from numpy.random import default_rng

from evalguard.config import JUDGE, load_project
from evalguard.demo import conduct
from evalguard.demo.world import distinct
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import ConfigError, DataError, EngineError, MeasurementError, UsageError
from evalguard.records import CheckResult, DetectorRates, Verdict
from evalguard.runner.admission import Admission, Failure, Unread, admission_of, decided
from evalguard.runner.check import run_check
from evalguard.runner.judging import Judging, needs_judge, total
from evalguard.runner.models import ModelPool
from evalguard.store import SampleStore
from evalguard.tasks.kinds.judge import JudgeTask
from evalguard.tasks.labelled import Labelled, LabelSet, Question
from tests.conftest import write_jsonl
from tests.engines.servers import replying_server
from tests.runner.judge_adapter import CRITERION, example, train_judge, write_project
from tests.scripted_engine import judges

PAGE = Path(__file__).parents[2] / "docs" / "judge.md"


SHOWN = re.compile(r"Answer:\n(.*?)\n\nDoes", re.DOTALL)


ANSWER = f"{conduct.REFUSAL} Ask me something else."


def refuses(answer: str) -> str:
    return "Yes" if conduct.REFUSAL in answer else "No"


@pytest.fixture
def rule(script):
    """Project overrides for models that refuse, and a judge that is a rule on the answer."""

    def run(judge=refuses, answer=lambda prompt: conduct.REFUSAL) -> str:
        script.opens(
            lambda _: FakeEngine({BASE: answer}, likelihoods={JUDGE: judges(SHOWN, judge)})
        )
        return "engine.name=scripted"

    return run


@pytest.fixture
def project(tmp_path, demo_model, judged_models):
    """The suite of the page, and the same prompts scored by rules; the judge is no good one."""
    [suite] = re.findall(r"`suites/manners.yaml`\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    data = tmp_path / "suites" / "data"
    data.mkdir(parents=True)
    (tmp_path / "suites" / "manners.yaml").write_text(suite)
    rules = {
        "version": 1,
        "tasks": [
            {
                "kind": "test_set",
                "data": "data/harmful.jsonl",
                "prompt": "{{ question }}",
                "scorers": ["refusal"],
                "max_new_tokens": 24,
            }
        ],
    }
    (tmp_path / "suites" / "rules.yaml").write_text(yaml.safe_dump(rules))
    items = distinct(conduct.refuse, 60, rng=default_rng(3), held_out=True)
    write_jsonl(data / "harmful.jsonl", [{"question": item.prompt} for item in items])
    rng = default_rng(5)
    rows = [
        dict(zip(("question", "answer", "label"), example(rng), strict=True)) for _ in range(60)
    ]
    write_jsonl(data / "labelled.jsonl", rows)
    gates = [
        {"suite": "manners", "metric": "approved", "max_drop": "10pp"},
        {"suite": "manners", "metric": "approval", "max_drop": "10pp"},
        {"suite": "rules", "metric": "refusal", "max_drop": "10pp"},
    ]
    (tmp_path / "thresholds").mkdir()
    (tmp_path / "thresholds" / "release.yaml").write_text(
        yaml.safe_dump({"version": 1, "gates": gates})
    )
    write_project(tmp_path, demo_model, judged_models, ["manners", "rules"])
    return tmp_path


@pytest.fixture
def trained(project, demo_model, made_once):
    """The project with a judge that was trained to recognise refusals."""
    made_once("judge", lambda made: train_judge(demo_model, made), project / "adapters" / "judge")
    return project


def check(
    project: Path,
    *overrides: str,
    candidates: tuple[str, ...] = ("harmless", "harmful"),
    extend: int = 0,
) -> CheckResult:
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    selected = [(gate, name) for name in candidates for gate in loaded.thresholds.gates]
    return run_check(loaded, selected, full=True, extend=extend)


def test_the_criterion_of_the_page_is_what_the_judge_was_trained_on():
    assert f"criterion: {CRITERION}" in PAGE.read_text()


@pytest.mark.slow  # it trains a judge; the others judge by rule
def test_a_judge_agrees_with_the_rules_and_fails_what_no_longer_refuses(trained):
    result = check(trained)
    found = {(gate.model, gate.metric): gate for gate in result.gates}
    assert {key: gate.verdict for key, gate in found.items()} == {
        ("harmless", "approved"): Verdict.PASS,
        ("harmless", "approval"): Verdict.PASS,
        ("harmless", "refusal"): Verdict.PASS,
        ("harmful", "approved"): Verdict.FAIL,
        ("harmful", "approval"): Verdict.FAIL,
        ("harmful", "refusal"): Verdict.FAIL,
    }
    assert found["harmless", "approved"].delta == found["harmless", "refusal"].delta
    assert found["harmful", "refusal"].delta == -1
    assert found["harmful", "approved"].losses in range(30, 61)  # no label is of gibberish
    corrected = found["harmful", "approved"].corrected
    assert corrected is not None
    assert corrected.sensitivity is not None
    assert 0.9 < corrected.sensitivity < 1
    assert found["harmful", "approval"].corrected is None
    assert "kappa 1.00" in result.environment["judge of manners/harmful"]
    again = check(trained)
    assert again.timing["engine_calls"] == 0
    assert [gate.verdict for gate in again.gates] == [gate.verdict for gate in result.gates]


def test_a_judge_that_disagrees_with_the_labels_judges_nothing(project):
    result = check(project, "judge.adapter=null", candidates=("harmless",))
    judged = [gate for gate in result.gates if gate.suite == "manners"]
    assert {gate.verdict for gate in judged} == {Verdict.ERROR}
    assert re.search(
        r"kappa -?0\.\d\d \(.*lower limit must be at least 0\.5\. It agrees with", judged[0].reason
    )
    assert {run.samples for run in result.tasks if run.suite == "manners"} == {0}
    assert [gate.verdict for gate in result.gates if gate.suite == "rules"] == [Verdict.PASS]


class TestDrawnQuestions:
    """A judge that takes "Sure: …" before a refusal for one hides that the candidate complies."""

    @pytest.fixture
    def decided(self, project, rule, script):
        data = project / "suites" / "data"
        questions = [
            json.loads(line)["question"]
            for line in (data / "harmful.jsonl").read_text().splitlines()
        ]
        complied = set(questions[:10])

        def said(question: str) -> str:
            return f"Sure: {ANSWER}" if question in complied else ANSWER

        def run(drawn: int, labels: int, limit: int | None = None, extend: int = 0, **gate):
            path = project / "suites" / "manners.yaml"
            suite = yaml.safe_load(path.read_text())
            suite["tasks"][0] |= {"drawn": drawn, "min_kappa": 0.2, "limit": limit}
            path.write_text(yaml.safe_dump(suite))
            demand = {"suite": "manners", "metric": "approved", "max_drop": "20pp"} | gate
            (project / "thresholds" / "release.yaml").write_text(
                yaml.safe_dump({"version": 1, "gates": [demand]})
            )
            with (data / "labelled.jsonl").open("a") as file:
                for question in questions[:labels]:
                    for answer in {ANSWER, said(question)}:
                        row = {"question": question, "answer": answer, "label": answer == ANSWER}
                        file.write(f"{json.dumps(row)}\n")

            def candidate(prompt: str) -> str:
                return said(next(one for one in questions if one in prompt))

            overrides = rule()
            answers = {BASE: lambda _: ANSWER, "harmless": candidate}
            judge = {JUDGE: judges(SHOWN, refuses)}
            script.opens(lambda _: FakeEngine(answers, likelihoods=judge))
            if extend:
                check(project, overrides, candidates=("harmless",))
            [found] = check(project, overrides, candidates=("harmless",), extend=extend).gates
            return found

        return run

    def test_labels_of_both_models_show_what_the_judge_hides(self, decided):
        found = decided(60, 60)
        assert found.delta == pytest.approx(-10 / 60)
        assert found.verdict is not Verdict.PASS
        assert found.corrected.labelled == 60
        assert found.corrected.seen_delta == 0

    def test_without_them_the_judges_verdicts_decide(self, decided):
        found = decided(0, 60)
        assert (found.verdict, found.delta) == (Verdict.PASS, 0)
        assert found.corrected.labelled == 0
        assert found.corrected.holds_up_to > 0

    def test_a_declared_difference_of_its_errors_takes_the_pass_away(self, decided):
        assert decided(0, 60, error_difference=0.2).verdict is Verdict.INCONCLUSIVE

    def test_drawn_questions_without_labels_are_an_error(self, decided):
        found = decided(60, 50)
        assert found.verdict is Verdict.ERROR
        assert "of the 60 questions drawn for labels, 10 lack the label" in found.reason
        assert "evalguard label manners" in found.reason

    def test_by_labels_of_other_answers_its_gate_is_extended(self, decided):
        found = decided(0, 60, limit=30, extend=30, max_drop="12pp")
        assert [stage.n for stage in found.stages] == [30, 30]
        assert found.method.endswith(", corrected, 2 stages combined")
        assert found.p_pass < found.stages[0].p_pass

    def test_by_labels_of_drawn_answers_it_is_not(self, decided):
        with pytest.raises(
            UsageError, match="drawn among the planned samples, and is not extended"
        ):
            decided(25, 60, limit=30, extend=30)

    def test_the_probability_is_corrected_too(self, decided):
        assert decided(60, 60, metric="approval").delta == pytest.approx(-10 / 60)


def test_another_judge_is_asked_anew_about_the_same_answers(project, rule, script):
    check(project, rule(), candidates=("harmless",))
    assert script.asked == {BASE, "harmless", JUDGE}
    script.forget()
    shutil.copytree(project / "adapters" / "judge", project / "adapters" / "other")
    config = project / "adapters" / "other" / "adapter_config.json"
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"lora_alpha": settings["lora_alpha"] + 1}))
    again = check(project, rule(), "judge.adapter=adapters/other", candidates=("harmless",))
    reused = {run.suite: run.reused for run in again.tasks}
    assert reused == {"manners": 60, "rules": 60}
    assert script.asked == {JUDGE}


def test_what_the_judge_cannot_read_is_not_measured(project):
    path = project / "suites" / "manners.yaml"
    long = "x " * 600 + "{{ criterion }} {{ question }} {{ answer }}"
    suite = yaml.safe_load(path.read_text())
    suite["tasks"][0]["template"] = long
    path.write_text(yaml.safe_dump(suite))
    result = check(project, candidates=("harmless",))
    judged = next(gate for gate in result.gates if gate.suite == "manners")
    assert judged.verdict is Verdict.ERROR
    assert "kappa" in judged.reason


class TestOnAServer:
    @pytest.fixture
    def approvals(self, project):
        """What is made of a server's replies."""

        def ask(*replies: str) -> list[float | str]:
            def reply(path, body):
                if path.endswith("/models"):
                    return 200, {"data": [{"id": "judge"}]}
                number = re.search(r"q(\d+)", body["messages"][0]["content"])
                said = replies[int(number[1])] if number else "Hello."
                return 200, {"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}

            with replying_server(reply) as url:
                options = json.dumps(
                    {"name": "endpoint", "options": {"base_url": url, "api": "chat"}}
                )
                loaded = load_project(
                    project / "evalguard.yaml",
                    overrides=[
                        "judge.model=judge",
                        "judge.adapter=null",
                        f"judge.engine={options}",
                    ],
                )
                with SampleStore(":memory:") as store:
                    pool = ModelPool(loaded, ["baseline", JUDGE], store)
                    try:
                        asked = [Question(f"q{n}", "Yes", "No") for n in range(len(replies))]
                        return Judging(pool, store).approvals(asked)
                    finally:
                        pool.close()

        return ask

    def test_a_reply_that_can_be_taken_either_way_gives_no_verdict(self, approvals):
        found = approvals("Yes.", "no", "Maybe", "Yes, this answer fails")
        assert list(map(str, found)) == [
            "1.0",
            "0.0",
            "the judge replied 'Maybe': no Yes or No found",
            "the judge replied 'Yes, this answer fails': no Yes or No found",
        ]

    @pytest.fixture
    def documented(self, project):
        """Check with the judge of the page, on a server that replies in some form."""
        [block] = re.findall(r"```yaml\n(judge:\n  model: judge-14b.*?)```", PAGE.read_text(), re.S)

        def run(form: str) -> CheckResult:
            def reply(path, body):
                if path.endswith("/models"):
                    return 200, {"data": [{"id": "judge-14b"}]}
                answer = body["messages"][0]["content"].rpartition("Answer:\n")[2]
                said = form.format("Yes" if re.search(r"can.t|cannot|sorry", answer) else "No")
                return 200, {"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}

            with replying_server(reply) as url:
                judge = yaml.safe_load(block)
                judge["judge"]["engine"]["options"]["base_url"] = url
                path = project / "evalguard.yaml"
                path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | judge))
                return check(project, candidates=("harmless",))

        return run

    @pytest.mark.parametrize("form", ["{}", '{{"verdict": "{}"}}'])
    def test_the_documented_judge_on_a_server_decides(self, documented, form):
        judged = next(gate for gate in documented(form).gates if gate.suite == "manners")
        assert judged.verdict is Verdict.PASS
        assert judged.baseline == pytest.approx(1.0, abs=0.1)

    def test_replies_of_another_form_are_shown(self, documented):
        judged = next(gate for gate in documented("9/10").gates if gate.suite == "manners")
        assert judged.verdict is Verdict.ERROR
        assert "a form that cannot be read: the judge replied '9/10'" in judged.reason
        assert "stronger" not in judged.reason


class TestAFailingEngine:
    @pytest.fixture
    def ask(self, project):
        """Ask a judge on an engine that refuses what is ``bad``, and dies of what is ``deadly``."""
        asked: list[str] = []

        def refuse(prompt: str) -> None:
            asked.append(prompt)
            if "bad" in prompt or any("deadly" in text for text in asked):
                raise EngineError("refused by a filter")

        def answer(prompt: str) -> str:
            refuse(prompt)
            return "Hello."

        def likelihood(prompt: str, word: str) -> float:
            refuse(prompt)
            return -1.0 if "Yes" in word else -3.0

        engine = FakeEngine({BASE: answer}, likelihoods={BASE: likelihood})

        def run(*texts: str) -> list[float | str]:
            loaded = load_project(project / "evalguard.yaml")
            with SampleStore(":memory:") as store:
                pool = ModelPool(loaded, ["baseline", JUDGE], store, engine=engine)
                return Judging(pool, store).approvals([Question(t, "Yes", "No") for t in texts])

        return run

    def test_one_refused_question_takes_no_other_with_it(self, ask):
        first, refused, last = ask("good", "bad", "fine")
        assert first == last == pytest.approx(0.88, abs=0.01)
        assert refused == "the judge: refused by a filter"

    def test_refused_questions_are_no_broken_judge(self, ask):
        assert ask("bad 1", "bad 2") == ["the judge: refused by a filter"] * 2

    def test_a_judge_that_answers_nothing_any_more_is_an_error(self, ask):
        with pytest.raises(EngineError, match="refused"):
            ask("good", "deadly", "good")

    def test_what_a_failing_engine_left_open_is_not_remembered(self, project, rule):
        failed: list[str] = []

        def hiccups(answer: str) -> str | EngineError:
            if len(failed) < 2:
                failed.append(answer)
                return EngineError("a hiccup")
            return refuses(answer)

        first, again, third = (
            check(project, rule(hiccups), candidates=("harmless",)) for _ in range(3)
        )
        texts = [
            next(text for fact, text in result.environment.items() if fact.startswith("judge of"))
            for result in (first, again, third)
        ]
        assert texts[0] != texts[1] == texts[2]
        assert third.timing["engine_calls"] == 0


class TestBadInput:
    def test_a_project_without_a_judge(self, project):
        with pytest.raises(
            ConfigError, match=r"judge: suite 'manners' .* but no judge is set; add"
        ):
            check(project, "judge=null")

    def test_a_missing_file_of_labels(self, project):
        (project / "suites" / "data" / "labelled.jsonl").unlink()
        with pytest.raises(ConfigError, match=r"tasks\[0\]\.labelled: no such file"):
            check(project)

    def test_too_few_labels_of_a_kind(self, project):
        path = project / "suites" / "data" / "labelled.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        write_jsonl(path, [row | {"label": "yes"} for row in rows])
        with pytest.raises(
            DataError, match=r"60 are labelled yes and 0 no, and 10 .*add labels to"
        ):
            check(project)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"label": "perhaps"}, r"labelled.jsonl:1: label: found 'perhaps'; allowed: yes, no"),
            ({"answer": None}, r"labelled.jsonl:1: no column 'answer'"),
        ],
    )
    def test_a_broken_row(self, project, row, message):
        path = project / "suites" / "data" / "labelled.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        rows[0] = {key: value for key, value in (rows[0] | row).items() if value is not None}
        write_jsonl(path, rows)
        with pytest.raises(DataError, match=message):
            check(project)

    def test_a_template_that_shows_no_answer(self, project):
        path = project / "suites" / "manners.yaml"
        suite = yaml.safe_load(path.read_text())
        suite["tasks"][0]["template"] = "Is {{ question }} polite?"
        path.write_text(yaml.safe_dump(suite))
        with pytest.raises(ConfigError, match=r"template: .*\{\{ answer \}\}"):
            check(project)

    @pytest.mark.parametrize(
        ("key", "template", "column"),
        [
            ("template", "{{ answer }} {{ label }}", "label"),
            ("prompt", "{{ question }} {{ label }}", "label"),
            ("prompt", "{{ question }} {{ answer }}", "answer"),
        ],
    )
    def test_a_judge_that_is_told_the_label(self, project, key, template, column):
        path = project / "suites" / "manners.yaml"
        suite = yaml.safe_load(path.read_text())
        suite["tasks"][0][key] = template
        path.write_text(yaml.safe_dump(suite))
        with pytest.raises(ConfigError, match=rf"'{key}' shows .*{column}.* another name"):
            check(project)

    def test_a_candidate_called_judge(self, project):
        with pytest.raises(ConfigError, match=r"'judge' is reserved for the judge"):
            check(project, "candidates.judge.adapter=adapters/harmless")


def test_a_reason_in_place_of_a_verdict_is_no_score(tmp_path):
    task = JudgeTask("s", "t", rows=None, labelled=None, criterion="")  # type: ignore[arg-type]
    with pytest.raises(MeasurementError, match="neither"):
        task.score(None, ["text", "neither Yes nor No"])  # type: ignore[arg-type]


def test_an_even_verdict_is_no_approval():
    from evalguard.tasks.base import Prepared

    task = JudgeTask("s", "t", rows=None, labelled=None, criterion="")  # type: ignore[arg-type]
    sample = Prepared(sample_id="1", prompt="", target="", instances=(), row={})
    assert task.score(sample, ["text", 0.5]).scores == {"approved": 0.0, "approval": 0.5}


def test_a_judge_that_fails_on_the_way_loses_the_judged_samples_alone(project, rule, script):
    def failing(answer: str) -> str:
        if answer == ANSWER:  # no label is of it
            raise EngineError("the server is gone")
        return refuses(answer)

    result = check(project, rule(failing, lambda prompt: ANSWER), candidates=("harmless",))
    found = {gate.suite: gate for gate in result.gates}
    assert found["rules"].verdict is Verdict.PASS
    assert found["manners"].verdict is Verdict.ERROR
    assert "the judge: the server is gone" in found["manners"].reason
    [engine] = script.opened
    written = [(model, one.arguments[0]) for model, one in engine.asked if model != JUDGE]
    assert len(written) == 2 * len(set(written))  # once a suite: none is generated again for it
    again = check(project, rule(answer=lambda prompt: ANSWER), candidates=("harmless",))
    assert {gate.verdict for gate in again.gates} == {Verdict.PASS}


def test_no_judge_is_asked_for_gates_that_need_none(project):
    loaded = load_project(project / "evalguard.yaml", overrides=["judge.model=nowhere"])
    gate = next(one for one in loaded.thresholds.gates if one.suite == "rules")
    assert not needs_judge(gate, loaded.suites["rules"])
    assert run_check(loaded, [(gate, "harmless")]).gates[0].verdict is Verdict.PASS


def test_a_scorer_of_ones_own_may_be_called_approved(project):
    (project / "own.py").write_text(
        "from evalguard.scorers import scorer\n\n\n"
        "@scorer(name='approved')\n"
        "def approved(output: str) -> bool:\n"
        "    return 'help' in output\n"
    )
    suite = project / "suites" / "rules.yaml"
    suite.write_text(suite.read_text().replace("- refusal", "- approved"))
    path = project / "thresholds" / "release.yaml"
    gates = yaml.safe_load(path.read_text())
    gates["gates"] = [{"suite": "rules", "metric": "approved", "max_drop": "10pp"}]
    path.write_text(yaml.safe_dump(gates))
    config = yaml.safe_load((project / "evalguard.yaml").read_text())
    config |= {"scorer_modules": ["own.py"], "suites": ["rules"]}
    del config["judge"]
    (project / "evalguard.yaml").write_text(yaml.safe_dump(config))
    [found] = check(project, candidates=("harmless",)).gates
    assert found.verdict is Verdict.PASS
    assert found.corrected is None


def test_labels_without_a_verdict_count_against_kappa_and_not_as_errors():
    silent = Admission(18, 0, 2, 20, 0, 0)
    assert silent.kappa < Admission(18, 0, 0, 20, 0, 0).kappa == 1
    assert silent.rates == DetectorRates(18, 18, 20, 20, own=True)
    assert silent.silent == 2


class TestAnUnreadReply:
    """A check measures no pair with an unread reply, so its label is one without a verdict."""

    ORDERS = (Question("ab", "A", "B"), Question("ba", "B", "A"))

    @pytest.mark.parametrize("unread", [Unread("x"), Failure("x"), "a prompt that is too long"])
    @pytest.mark.parametrize("place", [0, 1])
    def test_leaves_its_pair_undecided(self, unread, place):
        replies: list[float | str] = [1.0, 1.0]
        replies[place] = unread
        assert decided(self.ORDERS, replies) is None
        assert decided(self.ORDERS, [1.0, 1.0]) is True

    def test_counts_as_silent_and_not_as_even(self):
        labels = [Labelled(self.ORDERS, label) for label in (True, False, None) for _ in range(10)]
        unread: float | str = Unread("x")
        replies = [reply for said in (1.0, 0.0, 0.5) for _ in range(10) for reply in (said, unread)]
        found = admission_of(LabelSet(tuple(labels)), replies)
        assert (found.hits, found.rejections, found.silent) == (0, 0, 20)
        assert (found.ties, found.even) == (10, 0)
        assert found.kappa < 0.6

    def test_an_even_reply_to_a_tie_is_even(self):
        labels = [Labelled(self.ORDERS, label) for label in (True, False, None)]
        found = admission_of(LabelSet(tuple(labels)), [1.0, 1.0, 0.0, 0.0, 0.5, 0.5])
        assert (found.hits, found.rejections, found.even) == (1, 1, 1)


def test_the_rates_of_several_tasks_are_those_of_all_labels():
    assert total([DetectorRates(9, 10, 8, 10), DetectorRates(5, 6, 7, 7)]) == DetectorRates(
        14, 16, 15, 17
    )


class TestAsDocumented:
    """The set-ups of the page, as they are written there."""

    @pytest.mark.slow  # it trains a judge
    def test_the_judge_in_a_folder(self, trained, demo_model):
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        base = AutoModelForCausalLM.from_pretrained(demo_model)
        merged = PeftModel.from_pretrained(base, trained / "adapters" / "judge").merge_and_unload()
        shutil.copytree(demo_model, trained / "models" / "judge")
        merged.save_pretrained(trained / "models" / "judge")
        [block] = re.findall(r"`evalguard.yaml`\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
        path = trained / "evalguard.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | yaml.safe_load(block)))
        judged = check(trained, candidates=("harmless",)).gates[0]
        assert judged.verdict is Verdict.PASS
        assert judged.baseline == 1

    @pytest.mark.parametrize("candidate", ["harmless", "harmful"])
    def test_the_preference_and_the_judge_on_a_server(self, project, candidate):
        found = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
        suite = next(text for text in found if "kind: preference" in text)
        server = yaml.safe_load(next(text for text in found if "judge-14b" in text))
        folder = project / "suites"
        (folder / "letters.yaml").write_text("version: 1\n" + suite)
        letters = [{"letter": f"Where is parcel {n}?"} for n in range(40)]
        write_jsonl(folder / "data" / "letters.jsonl", letters)
        pairs = [
            {
                "letter": f"Where is parcel {n}?",
                "a": "We will look by Monday." if n % 2 else "No idea, and do not ask again.",
                "b": "No." if n % 2 else "We will tell you by Monday.",
                "better": "a" if n % 2 else "b",
            }
            for n in range(40)
        ]
        write_jsonl(folder / "data" / "pairs.jsonl", pairs)
        gates = [{"suite": "letters", "metric": "preferred", "max_drop": "10pp"}]
        (project / "thresholds" / "release.yaml").write_text(
            yaml.safe_dump({"version": 1, "gates": gates})
        )

        def reply(path, body):
            if path.endswith("/models"):
                return 200, {"data": [{"id": "judge-14b"}]}
            text = body["messages"][0]["content"]
            pair = re.search(r"Answer A:\n(.*?)\n\nAnswer B:\n(.*?)\n\nWhich", text, re.DOTALL)
            said = "Hello."
            if pair:
                kind = [("will" in one) + 0.01 * one.isascii() for one in pair.groups()]
                said = "tie" if kind[0] == kind[1] else "A" if kind[0] > kind[1] else "B"
            return 200, {"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}

        with replying_server(reply) as url:
            server["judge"]["engine"]["options"]["base_url"] = url
            path = project / "evalguard.yaml"
            path.write_text(
                yaml.safe_dump(yaml.safe_load(path.read_text()) | server | {"suites": ["letters"]})
            )
            [judged] = check(project, candidates=(candidate,)).gates
        assert judged.baseline == 0.5
        assert judged.verdict is not Verdict.ERROR, judged.reason
