"""Judges that read nothing: rules on the form of the answers are told from judges (S8)."""

import itertools
import re

import pytest
import yaml

from evalguard.config import JUDGE, load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import EngineError, TrustError
from evalguard.runner.admission import Admission
from evalguard.runner.judging import Judging
from evalguard.runner.models import ModelPool
from evalguard.runner.plan import make_plan
from evalguard.runner.trivial_judges import rules_as_good
from evalguard.store import SampleStore
from evalguard.tasks.labelled import Labelled, Question
from tests.conftest import write_jsonl
from tests.scripted_engine import judges

WORDS = (
    "tower",
    "mayor",
    "river",
    "clock",
    "baker",
    "bridge",
    "castle",
    "market",
    "tailor",
    "well",
)

PAIR = re.compile(r"Answer A:\n(.*?)\n\nAnswer B:\n(.*?)\n\nWhich", re.DOTALL)
ALONE = re.compile(r"Answer:\n(.*?)\n\nDoes", re.DOTALL)


@pytest.fixture
def admit(tmp_path, demo_model):
    """Admit a judge that is a function of the answers it is shown, on labelled answers.

    Returns its admission, and how many questions it was asked.
    """

    def run(judge, rows, *, kind="preference", **task):
        task = {
            "kind": kind,
            "data": "data.jsonl",
            "prompt": "{{ q }}",
            "criterion": "It is useful.",
            "labelled": "labels.jsonl",
            **task,
        }
        for folder in ("suites", "thresholds"):
            (tmp_path / folder).mkdir(exist_ok=True)
        suite = {"version": 1, "tasks": [task]}
        (tmp_path / "suites" / "s.yaml").write_text(yaml.safe_dump(suite))
        write_jsonl(tmp_path / "suites" / "data.jsonl", [{"q": "x"}])
        write_jsonl(tmp_path / "suites" / "labels.jsonl", rows)
        metric = "preferred" if kind == "preference" else "approved"
        gates = [{"suite": "s", "metric": metric, "max_drop": "10pp"}]
        (tmp_path / "thresholds" / "t.yaml").write_text(
            yaml.safe_dump({"version": 1, "gates": gates})
        )
        config = {
            "version": 1,
            "engine": {"name": "hf"},
            "baseline": {"model": str(demo_model)},
            "judge": {"model": str(demo_model)},
            "candidates": {"v2": {"model": str(demo_model)}},
            "suites": ["s"],
            "thresholds": "t",
        }
        (tmp_path / "evalguard.yaml").write_text(yaml.safe_dump(config))

        shown = PAIR if kind == "preference" else ALONE
        engine = FakeEngine({BASE: str.upper}, likelihoods={BASE: judges(shown, judge)})
        project = load_project(tmp_path / "evalguard.yaml")
        with SampleStore(str(tmp_path / "store.db")) as store:
            pool = ModelPool(project, ["baseline", JUDGE], store, engine=engine)
            gate = project.thresholds.gates[0]
            plan = make_plan(
                project,
                [gate],
                render=None,
                rendering="none",
                count_tokens=len,
                store=store,
            )
            [planned] = plan.of_gate(gate)
            admission = Judging(pool, store).admit(planned, tmp_path / "suites" / "labels.jsonl")
            return admission, len(engine.asked) // 2  # both replies to a question are weighed

    return run


def pairs(good, bad, n=40):
    """Pairs of answers, of which the first is better in every other one."""
    rows = []
    for i in range(n):
        better, worse = (text.format(f"{WORDS[i % 10]}{'ab'[i % 2]}{i}") for text in (good, bad))
        a, b = (better, worse) if i % 2 else (worse, better)
        rows.append({"q": f"Tell me about {i}.", "a": a, "b": b, "better": "a" if i % 2 else "b"})
    return rows


LONGER = pairs("The {} is useful.", "The {} is wrong.")
SHORTER = pairs("The {} is useful.", "The {} is completely wrong.")
MARKED = pairs("The **{}** is useful.", "The {} is a wrong one.")
LISTED = pairs("The {} is\nuseful.", "The {} is a wrong one.")
LOUD = pairs("The {} is useful!", "The {} is a wrong one.")
NUMBERED = pairs("The {} is useful 2.", "The {} is a wrong one.")


def more(count):
    def judge(a, b):
        first, second = count(a), count(b)
        return None if first == second else "A" if first > second else "B"

    return judge


def useful(a, b):
    return "A" if "useful" in a else "B"


@pytest.mark.parametrize("rows", [LONGER, SHORTER, MARKED, LISTED, LOUD, NUMBERED])
def test_a_judge_that_reads_is_admitted_though_a_rule_predicts_the_labels(admit, rows):
    admission, asked = admit(useful, rows)
    assert admission.kappa == 1
    assert asked > LABELLED + CANARIES  # altered answers were shown as well


@pytest.mark.parametrize("lost", [1, 2])
def test_an_altered_answer_on_which_the_engine_fails_costs_itself(admit, lost):
    asked = itertools.count()

    def judge(a, b):
        failed = LABELLED <= next(asked) < LABELLED + lost
        return EngineError("status 403: flagged") if failed else useful(a, b)

    assert admit(judge, LONGER)[0].kappa == 1


def test_a_judge_whose_engine_fails_on_all_altered_answers_is_not_admitted(admit):
    asked = itertools.count()

    def judge(a, b):
        return useful(a, b) if next(asked) < LABELLED else EngineError("status 403: flagged")

    with pytest.raises(EngineError, match="status 403: flagged"):
        admit(judge, LONGER)


LABELLED = 80
CANARIES = 48
"""Questions about empty answers and the like, to a judge that compares two; half to one alone."""
"""Questions about 40 labelled pairs, each in both orders."""


@pytest.mark.parametrize(
    ("judge", "rows", "taken"),
    [
        (more(len), LONGER, "the longer answer"),
        (more(lambda text: -len(text)), SHORTER, "the shorter answer"),
        (more(lambda text: text.count("*")), MARKED, "the answer with more Markdown"),
        (more(lambda text: text.count("\n")), LISTED, "the answer with more lines"),
        (more(lambda text: text.count("!")), LOUD, "the answer with more exclamation marks"),
        (more(lambda text: sum(map(str.isdigit, text))), NUMBERED, "the answer with more digits"),
        (more(lambda text: len(text.split(" "))), pairs("A {} is so useful.", "Bad {}."), "longer"),
    ],
)
def test_a_judge_that_is_a_ruler_is_refused(admit, judge, rows, taken):
    with pytest.raises(TrustError, match=f"rule that prefers .*{taken}.*the judge 1.00"):
        admit(judge, rows)


@pytest.mark.parametrize("always", [lambda a, b: "A", lambda a, b: "B"])
def test_a_judge_of_position_is_refused(admit, always):
    with pytest.raises(TrustError, match=r"kappa -1.00 .*changes with the order for 40"):
        admit(always, LONGER)


def test_a_judge_by_chance_is_refused(admit):
    with pytest.raises(TrustError, match="agrees too little"):
        admit(lambda a, b: "A" if hash(a) % 2 else "B", LONGER)


def test_no_answer_is_altered_where_labels_tell_a_judge_from_every_rule(admit):
    mixed = [*LONGER[:20], *SHORTER[20:]]
    admission, asked = admit(useful, mixed)
    assert admission.kappa == 1
    assert asked == LABELLED + CANARIES


def test_a_ruler_agrees_with_none_of_such_labels(admit):
    with pytest.raises(TrustError, match=r"kappa 0.00 .*on 40 labels"):
        admit(more(len), [*LONGER[:20], *SHORTER[20:]])


def test_what_came_of_the_altered_answers_is_remembered(admit):
    _, first = admit(useful, LONGER)
    _, again = admit(useful, LONGER)
    assert LABELLED + CANARIES < first <= 2 * LABELLED + CANARIES
    assert again == 0


def alone(yes, no, n=40):
    rows = []
    for i in range(n):
        word = f"{WORDS[i % 10]}{i}"
        text, label = (yes, "yes") if i % 2 else (no, "no")
        rows.append({"q": f"{i}?", "answer": text.format(word), "label": label})
    return rows


def says(approves):
    return lambda answer: "Yes" if approves(answer) else "No"


class TestAlone:
    """Answers that are judged one at a time."""

    ROWS = alone("I can't help with the {}.", "First, you climb up the old {} by night.")

    def test_a_judge_that_reads_is_admitted(self, admit):
        admission, asked = admit(says(lambda answer: "can't" in answer), self.ROWS, kind="judge")
        assert admission.kappa == 1
        assert 40 + CANARIES // 2 < asked <= 2 * 40 + CANARIES // 2

    @pytest.mark.parametrize(
        ("judge", "rows", "taken"),
        [
            (lambda answer: len(answer) < 35, ROWS, "shorter"),
            (
                lambda answer: len(answer) > 35,
                alone("A good {0} and a good {0} by the good {0}", "Bad {}"),
                "longer",
            ),
            (lambda answer: "*" in answer, alone("**{}** ok", "The {} no"), "more Markdown"),
            (lambda answer: "!" in answer, alone("The {} ok!", "The {} no."), "exclamation"),
        ],
    )
    def test_a_ruler_is_refused(self, admit, judge, rows, taken):
        with pytest.raises(TrustError, match=f"rule that prefers .*{taken}"):
            admit(says(judge), rows, kind="judge")

    @pytest.mark.parametrize("said", [True, False])
    def test_the_same_reply_to_everything_is_refused(self, admit, said):
        with pytest.raises(TrustError, match=r"kappa 0.00"):
            admit(says(lambda _answer: said), self.ROWS, kind="judge")


def labelled(longer, n=40):
    """Pairs of which the longer answer is the better one in some."""
    asked = (Question("ab", "A", "B"), Question("ba", "B", "A"))
    answers = [("long text", "text") if i % 2 else ("text", "long text") for i in range(n)]
    return [
        Labelled(asked, bool(i % 2) is (i < longer), answers=both) for i, both in enumerate(answers)
    ]


def judged(right, n=40):
    """A judge that is right on some labels, of which either half is in favour."""
    return Admission(hits := (right + 1) // 2, n // 2 - hits, 0, right // 2, n // 2 - right // 2, 0)


class TestAsGood:
    """Rules that the labels do not tell from a judge."""

    @pytest.mark.parametrize(("rule", "judge"), [(36, 36), (36, 37), (36, 38), (39, 40), (38, 40)])
    def test_a_rule_within_the_judges_interval(self, rule, judge):
        [found] = rules_as_good(labelled(rule), judged(judge).kappa_low)
        assert found.name == "the longer answer"

    @pytest.mark.parametrize(("rule", "judge"), [(20, 36), (28, 40), (30, 40)])
    def test_a_rule_below_it(self, rule, judge):
        assert rules_as_good(labelled(rule), judged(judge).kappa_low) == []

    def test_a_judge_without_an_error_has_a_lower_bound_below_1(self):
        assert judged(20, n=20).kappa_low < judged(40).kappa_low < judged(400, n=400).kappa_low < 1

    def test_a_judge_that_is_a_rule_and_one_lucky_label_is_refused(self, admit):
        rows = [*LONGER[:38], *SHORTER[38:]]
        lucky = SHORTER[39]["a"]

        def judge(a, b):
            return useful(a, b) if lucky in (a, b) else more(len)(a, b)

        with pytest.raises(TrustError, match=r"rule that prefers the longer .*kappa 0.90.*0.95"):
            admit(judge, rows)


def test_ties_are_counted_apart(admit):
    ties = [{"q": "x", "a": f"one {n}", "b": f"two {n}", "better": "tie"} for n in range(6)]

    def judge(a, b):
        return None if "one" in a + b else useful(a, b)

    admission, _ = admit(judge, [*LONGER[:20], *SHORTER[20:], *ties])
    assert (admission.ties, admission.even) == (6, 6)
    assert admission.text == "kappa 1.00 (0.74 to 1.00) on 40 labels; even on 6 of 6 ties"
