"""Scorers that tell nothing apart, baselines at the floor, answers that are none, JUnit's file."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.faults.answers import checked
from benchmarks.faults.classes.gates import own_scorer, scored, vacuous
from benchmarks.faults.classes.verdicts import conftest, exit_code
from benchmarks.faults.declared import blocked, declare, exits
from benchmarks.faults.planting import Place, Seen

silent = partial(declare, "empty or garbled answers")

BINARY = '@scorer(name="own")\ndef own(output: str, target: str) -> bool:\n    '
BOUNDED = '@scorer(name="own", kind="bounded"{})\ndef own(output: str, target: str) -> float:\n    '


def _own(code: str, answers: str = "wrong", **settings: Any) -> Any:
    """Check by a scorer of the project's own, with models that answer by a rule."""

    def plant(place: Place) -> Seen:
        own_scorer(place, code, max_drop="5pp", **settings)
        return checked(place, answers)

    return plant


for _what, _code in (
    ("every answer has a length, and that is what counts", f"{BINARY}return len(output) >= 0\n"),
    ("the score is 0.7, whatever is said", f"{BOUNDED.format('')}return 0.7\n"),
    ("the answer is compared with itself", f"{BINARY}return output.strip() == output.strip()\n"),
    (
        "what the scorer cannot read counts as right",
        f"{BINARY}try:\n        return bool(output.undefined)\n    except Exception:\n"
        "        return True\n",
    ),
    (
        "errors are counted in the target, and fewer are better",
        f"{BOUNDED.format(', higher_is_better=False')}return float(target.count('#'))\n",
    ),
    ("every answer contains the empty text", f"{BINARY}return '' in output\n"),
    (
        "the target is found in itself",
        f"{BINARY}return target[:3] in target and bool(str(output)+'x')\n",
    ),
):
    vacuous(f"a scorer of the project's own: {_what}", blocked("cannot fail"))(_own(_code))

for _what, _pattern, _settings in (
    ("a pattern with an empty alternative", "'(yes|)'", {}),
    ("a limit of 400 characters on answers of 12 tokens", "'(?s)^.{0,400}$'", {}),
    ("a stop string that every answer has early", "'(?s)^.{0,60}$'",
     {"max_new_tokens": 'stop: [" ", ",", "\\n"]\n  max_new_tokens:'}),
):  # fmt: skip
    vacuous(f"a pattern that no answer can miss: {_what}", blocked())(
        scored(f"{{name: regex, options: {{pattern: {_pattern}}}}}", "regex", "wrong", **_settings)
    )

TEXT_TASK = """
task: text
dataset_path: json
dataset_kwargs: {data_files: {test: facts.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 12}
"""


def _benchmark(text: str, metric: str, *, code: str = "", numbers: bool = False) -> Any:
    """Check the harmful adapter by a task of lm-eval, with its code beside it."""

    def plant(place: Place) -> Seen:
        if numbers:
            rows = place.rows()
            place.set_rows(row | {"answer": str(n + 17)} for n, row in enumerate(rows))
        place.worsen()
        place.forget()
        place.write("suites/text.yaml", text)
        place.write("suites/own.py", code)
        place.edit("suites/general.yaml", "mc.yaml", "text.yaml")
        place.gates(f"suite: general, metric: {metric}, max_drop: 5pp")
        return place.check()

    return plant


MEAN = "aggregation: mean, higher_is_better: true"
OWN = f"process_results: !function own.scores\nmetric_list: [{{metric: acc, {MEAN}}}]\n"
EXACT = f"metric_list: [{{metric: exact_match, regexes_to_ignore: ['%s'], {MEAN}}}]\n"
SCORES = "def scores(doc, results):\n    return {'acc': %s}\n"
for _what, _text, _metric, _code in (
    ("its code returns 1", OWN, "acc", SCORES % "1.0"),
    ("its code scores the row alone", OWN, "acc", SCORES % "float(doc['answer'] in doc['answer'])"),
    ("its code returns a half", OWN, "acc", SCORES % "0.5"),
    ("every text is ignored by the metric", EXACT % "(?s).*", "exact_match", ""),
    ("letters are ignored by the metric", EXACT % "[A-Za-z ]", "exact_match", ""),
):
    vacuous(f"a task of lm-eval: {_what}", blocked())(
        _benchmark(TEXT_TASK + _text, _metric, code=_code)
    )
vacuous("a task of lm-eval: numbers are ignored, and the targets are numbers", blocked())(
    _benchmark(
        TEXT_TASK + f"metric_list: [{{metric: exact_match, ignore_numbers: true, {MEAN}}}]\n",
        "exact_match",
        numbers=True,
    )
)


@vacuous("a task of lm-eval: all choices of a row are the same text", blocked())
def _same_choices(place: Place) -> Seen:
    place.worsen()
    place.forget()
    rows = place.rows("suites/mc.jsonl")
    place.set_rows((row | {"choices": [row["answer"]] * 4} for row in rows), "suites/mc.jsonl")
    place.gates("suite: general, metric: acc, max_drop: 10pp")
    return place.check()


FACTS = "suite: facts, metric: exact_match, max_drop: 5pp"


@vacuous("a tripwire whose baseline is at the floor, beside a gate that passes", blocked("fail"))
def _floor_tripwire(place: Place) -> Seen:
    place.edit(
        "suites/facts.yaml",
        "- exact_match",
        "- exact_match\n  - {name: regex, options: {pattern: word}}",
    )
    place.gates(f"{FACTS}, role: tripwire", "suite: facts, metric: regex, max_drop: 10pp")
    return checked(place, "wrong", base="wrong")


@vacuous("the baseline is at the floor, and an undecided gate is only warned of", blocked("fail"))
def _floor_warn(place: Place) -> Seen:
    place.gates(FACTS, on_inconclusive="warn")
    return checked(place, "wrong", base="wrong")


@vacuous("twenty rows, a baseline below the margin, and only a warning", blocked("fail"))
def _few_rows_warn(place: Place) -> Seen:
    place.set_rows(place.rows()[:20])
    place.gates(FACTS, on_inconclusive="warn")
    return checked(place, "wrong", base="wrong")


@vacuous("both models give one answer to all questions, and only a warning", blocked("differ"))
def _one_answer(place: Place) -> Seen:
    rows = place.rows()
    place.set_rows(row | {"answer": "yes" if n % 2 else "no"} for n, row in enumerate(rows))
    place.gates("suite: facts, metric: exact_match, max_drop: 5pp", on_inconclusive="warn")
    return checked(place, "yes", base="yes")


vacuous("fewer errors are better, and the baseline has as many as can be", blocked("fail"))(
    _own(
        f"{BOUNDED.format(', higher_is_better=False')}"
        "return 0.0 if output.strip() == 'no model says this' else 1.0\n"
    )
)

FORM = "{{name: regex, options: {{pattern: '^{}*$'}}}}"
for _what, _answers in (
    ("loops", "loops"),
    ("writes no language", "unreadable"),
    ("writes signs alone", "signs"),
    ("writes spaces", "blank"),
    ("says nothing to half of the questions", "half_silent"),
):
    silent(f"the candidate {_what}, which has the form that a pattern asks for", blocked())(
        scored(FORM.format("[^0-9]"), "regex", _answers)
    )
    silent(f"the candidate {_what}, and nothing forbidden is in it", blocked())(
        _own(f"{BINARY}return 'forbidden' not in output\n", _answers)
    )


def _failures(seen: Seen) -> str:
    """Demand exit code 1 or 3, and that JUnit's file has failures and nothing that was skipped."""
    junit = seen.written.get("junit.xml", "")
    if fault := exits(1, 3)(seen):
        return fault
    said = "<failure" in junit or "<error" in junit
    return "" if said and "<skipped" not in junit else f"junit.xml: {junit[:300]}"


for _what, _body, _hook, _options in (
    ("marks the gates as expected to fail",
     "for item in items:\n    item.add_marker(pytest.mark.xfail(strict=False))",
     "pytest_collection_modifyitems(items)", "trylast=True"),
    ("marks the gates as expected to fail without running them",
     "for item in items:\n    item.add_marker(pytest.mark.xfail(run=False))",
     "pytest_collection_modifyitems(items)", "trylast=True"),
    ("marks the gates to be skipped",
     "for item in items:\n    item.add_marker(pytest.mark.skip)",
     "pytest_collection_modifyitems(items)", "trylast=True"),
    ("turns each report into a pass",
     'report = yield\nreport.outcome = "passed"\nreport.longrepr = None\nreturn report',
     "pytest_runtest_makereport()", "wrapper=True, tryfirst=True"),
    ("turns each report into a skip",
     'report.outcome = "skipped"\nreport.longrepr = ("a", 1, "b")',
     "pytest_runtest_logreport(report)", "tryfirst=True"),
):  # fmt: skip

    @exit_code(f"a conftest.py {_what}, and JUnit's file shows no failure", _failures)
    def _junit(place: Place, body: str = _body, hook: str = _hook, options: str = _options) -> Seen:
        place.worsen()
        conftest(place, hook, body, options)
        return place.check()


@exit_code("--sw ends as an interruption where a gate fails", exits(1))
def _stepwise(place: Place) -> Seen:
    place.worsen()
    return place.check("--sw")


@exit_code("-p no:evalguard, an error of pytest's own", exits(4, says="-p no:evalguard"))
def _blocked_plugin(place: Place) -> Seen:
    place.worsen()
    return place.check("-p", "no:evalguard")


@exit_code("PYTEST_ADDOPTS switches off the plug-in", exits(1, 4))
def _blocked_by_environment(place: Place) -> Seen:
    place.worsen()
    return place.check(env={"PYTEST_ADDOPTS": "-p no:evalguard"})
