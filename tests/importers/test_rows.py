"""Files of paired scores: what is read, and every broken row by its line."""

import json

import pytest

from evalguard.errors import DataError
from evalguard.importers import ImportedRun, ImportedScore, pair_runs, pair_scores, read_runs
from evalguard.records import Metric, ScoreKind

BINARY, GRADED = Metric("score"), Metric("score", ScoreKind.BOUNDED, 0, 10)


def read_scores(path, metric):
    baseline, candidate = read_runs(path, "rows")
    return pair_runs(baseline, candidate, metric)


def write(folder, *rows):
    path = folder / "scores.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_rows_become_pairs(tmp_path):
    path = write(
        tmp_path,
        {"id": "q1", "baseline": 1, "candidate": False},
        "",
        {"id": 2, "baseline": None, "candidate": 1, "cluster": "p1", "stratum": "law"},
    )
    first, second = read_scores(path, BINARY)
    assert (first.sample_id, first.baseline_score, first.candidate_score) == ("q1", 1.0, 0.0)
    assert (second.sample_id, second.baseline_score, second.cluster) == ("2", None, "p1")
    assert (first.task, second.task) == ("scores", "law")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "b", "baseline": 1}, r"has no 'candidate' \(its keys: id, baseline\); use null"),
        ({"baseline": 1, "candidate": 1}, r"has no 'id' \(its keys: baseline, candidate\); name"),
        ({"id": "b", "baseline": 1, "candidte": 1}, r"has no 'candidate' \(its .*, candidte\)"),
        ("{}", r"has no 'id' \(its keys: none\)"),
        ('{"id": "b", "baseline": 1, "candidate": ' + "[" * 100_000, "nested too deeply"),
        ('{"id": "b", "baseline": 1, "candidate": ' + '{"a":' * 100_000, "nested too deeply"),
        ('{"id": "b", "baseline": 1, "candidate": 1' + "0" * 5000 + "}", "a number of 5001 digits"),
        ('{"id": "b", "baseline": 1, "candidate": 1e400}', "'candidate' is inf"),
        ({"id": "a", "baseline": 1, "candidate": 1}, "id 'a' already appears in .*scores.jsonl:1"),
        (
            {"id": "a", "baseline": 1, "candidate": 1, "stratum": "law"},
            "id 'a' already appears in .*scores.jsonl:1",
        ),
        ({"id": "b", "baseline": 1, "candidate": 0.5}, "declared binary"),
        ({"id": "b", "baseline": 7, "candidate": 1}, "outside the range 0…1"),
        ({"id": "b", "baseline": "yes", "candidate": 1}, "'baseline' is 'yes'; expected a number"),
        ('{"id": "b", "baseline": NaN, "candidate": 1}', "'baseline' is nan"),
        ('{"id": "b", "baseline": 1, "candidate": Infinity}', "'candidate' is inf"),
        ({"id": "b", "baseline": 1, "candidate": 1, "cluser": 3}, "Did you mean 'cluster'"),
        ({"id": "", "baseline": 1, "candidate": 1}, "'id' is ''"),
        ({"id": "b", "baseline": 1, "candidate": 1, "cluster": 1.5}, "'cluster' is 1.5"),
        ("{broken", "not JSON"),
        ("[1, 2]", "a JSON list, but expected an object"),
    ],
)
def test_broken_rows_are_named_by_file_and_line(tmp_path, row, message):
    path = write(tmp_path, {"id": "a", "baseline": 1, "candidate": 1}, row)
    with pytest.raises(DataError, match=f"scores.jsonl:2: .*{message}"):
        read_scores(path, BINARY)


def test_a_row_that_is_wrong_for_both_models_is_listed_once(tmp_path):
    row = {"id": "a", "baseline": 1, "candidate": 1}
    with pytest.raises(DataError) as caught:
        read_scores(write(tmp_path, row, row), BINARY)
    assert str(caught.value).count("give every question a unique id") == 1


def test_a_byte_order_mark_is_no_part_of_the_first_row(tmp_path):
    path = write(tmp_path, {"id": "a", "baseline": 1, "candidate": 0})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [pair.sample_id for pair in read_scores(path, BINARY)] == ["a"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_in_another_encoding_is_refused_by_its_line(tmp_path, encoding):
    path = tmp_path / "scores.jsonl"
    text = '{"id": "a", "baseline": 1, "candidate": 1}\n{"id": "é", "baseline": 1, "candidate": 1}'
    path.write_bytes(text.encode(encoding))
    line = {"latin-1": 2, "utf-16": 1}[encoding]
    with pytest.raises(DataError, match=rf"scores\.jsonl:{line}: not UTF-8 text; save"):
        read_scores(path, BINARY)


def test_every_broken_row_is_listed_up_to_ten(tmp_path):
    path = write(tmp_path, *[{"id": str(i), "baseline": 11, "candidate": 0} for i in range(13)])
    with pytest.raises(DataError) as caught:
        read_scores(path, GRADED)
    assert str(caught.value).count("outside the range 0…10") == 10
    assert "and 3 more" in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_refused(tmp_path, text):
    path = tmp_path / "scores.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match="is empty"):
        read_scores(path, BINARY)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"absent\.jsonl: cannot be read"):
        read_scores(tmp_path / "absent.jsonl", BINARY)


def test_a_question_of_two_strata_is_refused_in_one_models_file(tmp_path):
    path = write(
        tmp_path,
        {"id": 1, "score": 1, "stratum": "law"},
        {"id": "1", "score": 1, "stratum": "medicine"},
    )
    with pytest.raises(
        DataError, match=r"scores.jsonl:2: id '1' already appears in .*scores.jsonl:1"
    ):
        read_runs(path, "rows")


def test_a_question_of_two_strata_is_refused_in_sequences():
    with pytest.raises(DataError, match=r"question 1: id 'a' already appears in question 0"):
        pair_scores([1, 1], [1, 1], BINARY, ids=["a", "a"], strata=["law", "medicine"])


def test_one_models_likelihoods_are_refused_beside_answers_that_have_none(tmp_path):
    scores = [
        ImportedScore(where="a:1", sample_id="1", score=1, task="choice", response="[-1.25]"),
        ImportedScore(where="b:1", sample_id="1", score=1, task="text"),
    ]
    run = ImportedRun(source=tmp_path, scores=tuple(scores))
    with pytest.raises(DataError, match="both come from one model"):
        pair_runs(run, run, BINARY)


def scales(baseline, candidate, **options):
    from evalguard import decide

    return decide(
        baseline, candidate, **{"kind": "bounded", "high": 100, "max_drop": "5 points", **options}
    )


@pytest.mark.parametrize("swapped", [False, True])
def test_shares_beside_percentages_are_refused(swapped):
    """A baseline of 0.8 beside a candidate of 70 reads as a gain of 69 points."""
    sides = [0.6, 0.9, 0.75, 1.0] * 10, [70, 55.5, None, 90] * 10
    with pytest.raises(DataError, match=r"from 0 to 1, but the \w+'s reach 90 on a range of 0"):
        scales(*(sides[::-1] if swapped else sides))


def test_one_scale_is_not_refused():
    assert scales([70, 0.5, 80] * 20, [71, 0.4, 82] * 20).delta is not None
    assert scales([0, 1] * 30, [60, 70] * 30).delta is not None  # right and wrong, then graded
    assert scales([0.5, 0.7] * 30, [1.5, 2.5] * 30, high=5, max_drop="1 points").delta is not None


def test_a_score_out_of_range_names_file_row_and_question(tmp_path):
    from evalguard import decide

    rows = [{"id": f"q{i}", "baseline": 70, "candidate": 170 if i == 7 else 70} for i in range(9)]
    path = tmp_path / "scores.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=r"scores.jsonl:8: 'candidate' is 170.*question 'q7'"):
        decide(path=path, kind="bounded", high=100, max_drop="5 points")
