"""Which importer reads a file, and importers of packages."""

import json
import re
import sys
from typing import Any

import pytest

import evalguard
from evalguard import plugins
from evalguard.errors import DataError, EvalGuardError, UsageError
from evalguard.importers import importer_of

PLUGIN = """
import sys
from dataclasses import replace

from evalguard.importers import ImportedRun, ImportedScore, Importer


def rows(path):
    lines = path.read_text().splitlines()[1:]
    return [ImportedScore(where=f"{path}:{number}", sample_id=line.split(";")[0],
                          score=float(line.split(";")[1]))
            for number, line in enumerate(lines, 2)]


def read(path, *roles):
    scores = tuple(rows(path))
    return [ImportedRun(source=path, scores=scores, role=role) for role in roles or [None]]


def both(path):
    tuned, base = read(path, "candidate", "baseline")
    half = len(base.scores) // 2
    return [replace(tuned, scores=tuned.scores[:half]), replace(base, scores=base.scores[half:])]


def is_ours(path):
    return path.is_file() and path.read_text().startswith("id;score")


def importer(name="table", recognises=is_ours, read=read):
    return Importer(name=name, recognises=recognises, read=read, summary="a table")


def fail(path):
    raise KeyError("score")


TABLE = importer()
TWIN = importer(name="twin")
FAILS = importer(read=fail)
RECOGNISES_RAISES = importer(recognises=fail)
LEAVES = importer(read=lambda path: sys.exit(0))
NOTHING = importer(read=lambda path: None)
NO_RUN = importer(read=lambda path: [])
BOTH = importer(read=lambda path: read(path) * 2)
TWICE = importer(read=lambda path: read(path, "baseline", "baseline"))
ODD_ROLE = importer(read=lambda path: read(path, "tuned"))
MIXED_UP = importer(read=lambda path: read(path, "candidate"))
CANDIDATE_FIRST = importer(read=both)
THREE = importer(read=lambda path: read(path) * 3)
PLAIN = importer(read=lambda path: [{"q1": 1.0}])
NO_SCORES = importer(read=lambda path: [ImportedRun(source=path, scores=())])
PLAIN_SCORES = importer(read=lambda path: [ImportedRun(source=path, scores=(1.0,))])
NUMBERED = importer(read=lambda path: [ImportedRun(source=path, scores=(
    ImportedScore(where="a:1", sample_id=1, score=1.0),))])
LATE = importer(read=lambda path: (fail(path) for _ in range(2)))
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that registers importers."""

    def install(**entries: str) -> None:
        info = tmp_path / "packages" / "tables-1.0.dist-info"
        info.mkdir(parents=True)
        (info.parent / "tables.py").write_text(PLUGIN)
        (info / "METADATA").write_text("Name: tables\nVersion: 1.0\n")
        lines = "".join(f"{name} = {target}\n" for name, target in entries.items())
        (info / "entry_points.txt").write_text(f"[evalguard.importers]\n{lines}")
        monkeypatch.syspath_prepend(str(info.parent))
        plugins.points.cache_clear()

    yield install
    plugins.points.cache_clear()
    sys.modules.pop("tables", None)


@pytest.fixture
def tables(tmp_path):
    for name, wrong in (("base", 3), ("tuned", 5)):
        lines = [f"q{number};{int(number >= wrong)}" for number in range(200)]
        (tmp_path / name).write_text("\n".join(["id;score", *lines]))
    return tmp_path


def decide(folder, **options: Any):
    return evalguard.decide(folder / "base", folder / "tuned", max_drop="10pp", **options)


def jsonl(path, rows):
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "scores: is empty"),
        (b"\n \n", "scores: is empty"),
        (b"id,baseline,candidate\nq1,1,1\n", "begins with 'id,baseline,candidate' and holds no"),
        (b"[" * 100_000, "begins with '[[[["),
        (b"\x1f\x8b\x08\x00", "scores:1: not UTF-8 text"),
    ],
)
def test_a_file_that_nothing_recognises_is_described(tmp_path, content, message):
    path = tmp_path / "scores"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)):
        importer_of(path)


def test_a_package_adds_an_importer(package, tables):
    with pytest.raises(DataError, match=r"holds no scores that an importer recognises: rows \("):
        decide(tables)
    package(table="tables:TABLE")
    gate = decide(tables)
    assert (gate.verdict, gate.losses, gate.n) == ("PASS", 2, 200)


def test_what_it_reads_is_checked_as_everything_else(package, tables):
    package(table="tables:TABLE")
    path = tables / "tuned"
    path.write_text(path.read_text() + "\nq3;1\nq900;nan")
    with pytest.raises(DataError) as caught:
        decide(tables)
    assert f"{path}:202: id 'q3' already appears in {path}:5" in str(caught.value)
    assert f"{path}:203: 'score' is nan" in str(caught.value)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("FAILS", "importer 'table' raised KeyError('score')"),
        ("RECOGNISES_RAISES", "importer 'table' raised KeyError('score')"),
        ("LATE", "importer 'table' raised KeyError('score')"),
        ("LEAVES", "importer 'table' raised SystemExit(0)"),
        ("NOTHING", "importer 'table' raised TypeError"),
        ("NO_RUN", "importer 'table' gave 0 runs"),
        ("THREE", "importer 'table' gave 3 runs"),
        ("PLAIN", "gave dict, not an evalguard.importers.ImportedRun"),
        ("PLAIN_SCORES", "gave float, not an evalguard.importers.ImportedScore"),
        ("NUMBERED", "gave a score whose sample_id is 1; expected text"),
        ("NO_SCORES", "base: holds no scores"),
        ("BOTH", "gave two runs whose roles are None and None"),
        ("TWICE", "gave two runs whose roles are 'baseline' and 'baseline'"),
        ("ODD_ROLE", "gave a run whose role is 'tuned'; expected baseline or candidate"),
        ("MIXED_UP", "base: holds the scores of the candidate, not the baseline"),
        ("TWIN", "names an Importer whose name is 'twin'"),
        ("fail", "is not an evalguard.importers.base.Importer"),
        ("absent", "cannot be loaded: AttributeError"),
    ],
)
def test_a_broken_one_is_one_error(package, tables, target, message):
    package(table=f"tables:{target}")
    with pytest.raises(EvalGuardError, match=re.escape(message)):
        decide(tables)


def test_a_broken_one_is_no_obstacle_for_files_of_others(package, tmp_path):
    package(table="absent:TABLE")
    path = jsonl(tmp_path / "scores.jsonl", [{"id": 1, "baseline": 1, "candidate": 1}])
    assert evalguard.decide(path=path, max_drop="5pp").n == 1


def test_runs_of_one_file_are_told_apart_by_their_role(package, tables):
    package(table="tables:CANDIDATE_FIRST")
    tuned, base = ([f"q{n};{int(n >= wrong)}" for n in range(200)] for wrong in (60, 0))
    (tables / "both").write_text("\n".join(["id;score", *tuned, *base]))
    gate = evalguard.decide(path=tables / "both", max_drop="10pp")
    assert (gate.verdict, gate.losses, gate.gains) == ("FAIL", 60, 0)


def altered(text):
    """Yield the same rows in other forms."""
    lines = text.splitlines()
    yield text
    yield "\ufeff" + text
    yield "\r\n".join(lines) + "\r\n\r\n"
    yield "\n".join(reversed(lines))


@pytest.mark.parametrize("form", range(4))
def test_a_copy_of_the_baseline_is_no_candidate(tmp_path, form):
    jsonl(tmp_path / "base", [{"id": n, "score": n % 2} for n in range(200)])
    text = [*altered((tmp_path / "base").read_text())][form]
    (tmp_path / "tuned").write_bytes(text.encode())
    with pytest.raises(DataError, match=r"tuned: has the content of .*base, so both"):
        decide(tmp_path)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("tuned.csv", "id,score\n" + "".join(f"{n},{n % 2}\n" for n in range(200))),
        ("tuned.tsv", "score\tid\n" + "".join(f"{n % 2}\t{n}\n" for n in range(200))),
        ("tuned.json", json.dumps([{"score": n % 2 == 1, "id": str(n)} for n in range(200)])),
        ("tuned.jsonl", "".join(f'{{"score":{n % 2}.0,"id":{n}}}\n' for n in range(200))),
    ],
    ids=["CSV", "TSV", "an array", "other spelling"],
)
def test_the_baseline_in_another_format_is_no_candidate(tmp_path, name, written):
    base = jsonl(tmp_path / "base.jsonl", [{"id": n, "score": n % 2} for n in range(200)])
    (tmp_path / name).write_text(written)
    with pytest.raises(DataError, match=r"has the content of .*base\.jsonl, so both"):
        evalguard.decide(base, tmp_path / name, max_drop="10pp")


@pytest.mark.parametrize("score", [[1], {"acc": 1}])
def test_a_score_that_is_no_number_is_refused_by_its_row(tmp_path, score):
    base = jsonl(tmp_path / "base.jsonl", [{"id": 1, "score": 1}])
    tuned = jsonl(tmp_path / "tuned.jsonl", [{"id": 1, "score": score}])
    with pytest.raises(DataError, match=r"tuned\.jsonl:1: 'score' is .*; expected a number"):
        evalguard.decide(base, tuned, max_drop="10pp")


def test_two_models_may_score_alike_in_rows_of_both(tmp_path):
    path = jsonl(tmp_path / "both", [{"id": n, "baseline": 1, "candidate": 1} for n in range(99)])
    assert evalguard.decide(path=path, max_drop="5pp").verdict == "PASS"


def test_two_that_recognise_a_file_are_asked_for_a_name(package, tables):
    package(table="tables:TABLE", twin="tables:TWIN")
    with pytest.raises(UsageError, match="importers table and twin both recognise it; name one"):
        decide(tables)
    assert decide(tables, importer="twin").n == 200


class TestRows:
    def test_a_file_of_each_model_is_paired_by_question(self, tmp_path):
        rows = [{"id": n, "score": int(n >= 3), "stratum": "law"} for n in range(200)]
        jsonl(tmp_path / "base", rows)
        jsonl(tmp_path / "tuned", reversed([*rows[:-1], {**rows[-1], "score": 0}]))
        gate = decide(tmp_path)
        assert (gate.verdict, gate.losses, gate.n) == ("PASS", 1, 200)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"id": 5, "score": 1}, "tuned:2: question '5' of scores is not in .*base"),
            ({"id": 2, "score": 1, "stratum": "law"}, "tuned:2: the task 'law' is not in .*base"),
            ({"id": 2, "score": 1, "cluster": "c"}, "tuned:2: cluster 'c', but None in .*base:2"),
            ({"id": 2, "baseline": 1, "candidate": 1}, "tuned:2: has no 'score'"),
            ({"id": 2, "score": 1, "candidate": 1}, "tuned:2: unknown key 'candidate'"),
            ({"id": True, "score": 1}, "tuned:2: 'id' is True"),
        ],
    )
    def test_rows_that_do_not_fit_are_named(self, tmp_path, row, message):
        first = {"id": 1, "score": 1}
        jsonl(tmp_path / "base", [first, {"id": 2, "score": 1}])
        jsonl(tmp_path / "tuned", [first, row])
        with pytest.raises(DataError, match=message):
            decide(tmp_path)

    def test_a_key_given_twice_is_named(self, tmp_path):
        for name in ("base", "tuned"):
            (tmp_path / name).write_text('{"id": 1, "score": 0, "score": 1}')
        with pytest.raises(DataError, match=r"base:1: names the key 'score' twice"):
            decide(tmp_path)

    def test_one_model_is_not_enough_and_two_are_too_many(self, tmp_path):
        single = jsonl(tmp_path / "base", [{"id": 1, "score": 1}])
        jsonl(tmp_path / "tuned", [{"id": 1, "baseline": 1, "candidate": 1}])
        with pytest.raises(UsageError, match="holds the scores of one model"):
            evalguard.decide(path=single, max_drop="5pp")
        with pytest.raises(UsageError, match="tuned: holds the scores of both models"):
            decide(tmp_path)
        with pytest.raises(UsageError, match="both as files or both as scores"):
            evalguard.decide(single, [1], max_drop="5pp")

    @pytest.mark.parametrize("text", ["[1]", "score\n1", "{\n", "\x00"])
    def test_other_files_are_not_recognised(self, tmp_path, text):
        path = tmp_path / "scores.jsonl"
        path.write_text(text)
        with pytest.raises(DataError, match="no scores that an importer recognises"):
            importer_of(path)
