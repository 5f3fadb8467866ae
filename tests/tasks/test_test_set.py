"""Rows of a test set are checked before any model runs, and all problems come at once."""

import json
from dataclasses import replace

import pytest

from evalguard import scorers
from evalguard.errors import DataError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.binding import CorpusMetric
from evalguard.tasks.kinds.test_set import TestSet
from evalguard.tasks.prompts import PromptRows


@pytest.fixture
def prepare(tmp_path):
    def prepared(rows, *names, target="{{ a }}", limit=None, **options):
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        prompts = PromptRows("suite 'qa', task 'rows'", path, prompt="Q: {{ q }}", limit=limit)
        found = [scorers.get(one) if isinstance(one, str) else one for one in names]
        task = TestSet("qa", "rows", rows=prompts, target=target, scorers=found, **options)
        return task.prepare(None)

    return prepared


def test_prompts_and_targets_of_all_rows_are_checked_together(prepare):
    rows = [{"q": "x", "a": "A"}, {"q": None, "a": "Z1"}, {"q": "x", "a": ["A"]}, {"q": "x"}]
    with pytest.raises(DataError) as caught:
        prepare(rows, "multiple_choice")
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("suite 'qa', task 'rows': 3 of 4 rows of ")
    assert [line.partition("rows.jsonl:")[2][:30] for line in lines] == [
        "2: column 'q' is null, and the",
        "2: target: 'Z1' is not the let",
        "3: target: column 'a' is a lis",
        "4: target: no column 'a'. Allo",
    ]


def test_one_cause_in_many_rows_is_one_message(prepare):
    with pytest.raises(DataError) as caught:
        prepare([{"q": "x", "a": ""}] * 25, "exact_match")
    assert "25 of 25 rows" in str(caught.value)
    assert str(caught.value).count("is empty") == 1
    assert str(caught.value).endswith("\n    and 24 more rows: 2, 3, 4, 5, 6, …")


def test_ten_causes_are_listed_and_the_others_counted(prepare):
    with pytest.raises(DataError) as caught:
        prepare([{"q": "x", "a": f"Z{i}"} for i in range(25)], "multiple_choice")
    assert str(caught.value).count("is not the letter") == 10
    assert str(caught.value).endswith("\n  … and 15 more")


def test_one_problem_is_one_line(prepare):
    with pytest.raises(DataError, match=r"rows\.jsonl:1: target: 'x' holds no n.*\(scorer numeric"):
        prepare([{"q": "x", "a": "x"}, {"q": "x", "a": "1"}], "numeric")


def test_rows_beyond_the_limit_are_not_asked_and_not_checked(prepare):
    assert len(prepare([{"q": "x", "a": "1"}, {"q": "x", "a": None}], "numeric", limit=1)) == 1


def test_every_scorer_is_asked(prepare):
    labels = scorers.get("label", labels=["true", "false"])
    with pytest.raises(DataError, match="'maybe' is not among the labels"):
        prepare([{"q": "x", "a": "maybe"}], "exact_match", labels)
    [one] = prepare([{"q": "x", "a": True}], "exact_match", labels)
    assert one.target == "true"


def test_stop_texts_and_sets_count_too(prepare):
    with pytest.raises(DataError, match="as the stop string '###' cuts it"):
        prepare([{"q": "x", "a": "a ### b"}], "exact_match", stop=["###"])
    long = {"q": "x", "a": "one two three four five"}
    with pytest.raises(DataError, match="takes at least 5 tokens as an answer, and max_new_tokens"):
        prepare([long], "contains", max_new_tokens=2, count_tokens=lambda text: len(text.split()))
    assert prepare([long], "contains", max_new_tokens=2)
    never = CorpusMetric(
        Metric("never", ScoreKind.CORPUS), lambda *_, **__: {"n": 0.0}, lambda totals: totals["n"]
    )
    scorer = replace(scorers.get("exact_match"), corpus_metrics={"never": never})
    with pytest.raises(DataError, match=r"rows\.jsonl: the targets .* score never 0, where right"):
        prepare([{"q": "x", "a": "red"}], scorer)


@pytest.mark.parametrize("passage", [None, ["p"], {"id": 1}])
def test_a_cluster_has_a_name(prepare, passage):
    with pytest.raises(DataError, match=r"column 'passage' holds .*; it must be text or a number"):
        prepare([{"q": "x", "a": "1", "passage": passage}], "numeric", cluster="passage")


def test_an_empty_prompt_is_refused(tmp_path):
    (tmp_path / "rows.csv").write_text("q,a\nx,1\n,2\n")
    rows = PromptRows("suite 'qa', task 'rows'", tmp_path / "rows.csv", prompt="{{ q }}")
    with pytest.raises(DataError, match=r"rows\.csv:3: the prompt is empty"):
        rows.prompts(None)
