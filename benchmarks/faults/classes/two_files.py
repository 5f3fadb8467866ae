"""``evalguard decide`` on files of a candidate that has lost 30 of 100 points."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from benchmarks.faults.declared import blocked, declare
from benchmarks.faults.planting import Place, Seen

sought = partial(declare, "two files of scores")

N = 300
LOST = 90

Rows = list[dict[str, Any]]


def base(**values: Any) -> Rows:
    """Return the baseline's rows, all right."""
    return [{"id": f"q{n}", "score": 1} | values for n in range(N)]


def lossy(**values: Any) -> Rows:
    """Return the candidate's rows, the first of which are wrong."""
    return [row | {"score": int(n >= LOST)} | values for n, row in enumerate(base())]


def _write(place: Place, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    place.write(name, "".join(json.dumps(row) + "\n" for row in rows))


def decided(before: Rows, after: Rows, *arguments: str) -> Any:
    """Return what decides on two files."""

    def plant(place: Place) -> Seen:
        _write(place, "base.jsonl", before)
        _write(place, "tuned.jsonl", after)
        demand = () if any(one.startswith("--m") for one in arguments) else ("--max-drop", "10pp")
        return place.evalguard(
            "decide", "--baseline", "base.jsonl", "--candidate", "tuned.jsonl", *demand, *arguments
        )

    return plant


def _with(rows: Rows, key: str, values: Iterable[Any]) -> Rows:
    return [row | {key: value} for row, value in zip(rows, values, strict=True)]


def _where_wrong(**values: Any) -> Rows:
    return [row | (values if not row["score"] else {}) for row in lossy()]


_BOUNDED = ("--kind", "bounded")

for _what, _plant in {
    "the wrong answers are left out of the candidate's": decided(base(), lossy()[LOST:]),
    "the wrong answers are left out of both, but not of one": decided(
        base()[LOST - 20 :], lossy()[LOST:]
    ),
    "the wrong answers are not measured": decided(base(), _where_wrong(score=None)),
    "the baseline is not measured where the candidate is wrong": decided(
        [row | ({"score": None} if n < LOST else {}) for n, row in enumerate(base())], lossy()
    ),
    "the wrong answers have other ids": decided(
        base(), [row | ({"id": f"x{n}", "score": 1} if n < LOST else {}) for n, row in
                 enumerate(lossy())]
    ),
    "right answers to three times as many further questions": decided(
        base(), [*lossy(), *({"id": f"y{n}", "score": 1} for n in range(900))]
    ),
    "each wrong question is answered again, rightly": decided(
        base(), [*lossy(), *base()[:LOST]]
    ),
    "each wrong question is answered rightly first": decided(base(), [*base()[:LOST], *lossy()]),
    "ids that are numbers in one file, in another order": decided(
        [row | {"id": n} for n, row in enumerate(base())],
        [row | {"id": str(n)} for n, row in enumerate(lossy())][::-1],
    ),
    "ids that differ in white space": decided(
        base(), [row | {"id": f"q{n} ", "score": 1} for n, row in enumerate(lossy())]
    ),
    "the wrong answers in a stratum that the baseline has not": decided(
        base(stratum="a"),
        [row | {"stratum": "b" if n < LOST else "a"} for n, row in enumerate(lossy())],
        "--weights", "equal",
    ),
    "clusters in the candidate's file alone": decided(base(), lossy(cluster="c")),
    "clusters that differ between the files": decided(
        _with(base(), "cluster", (str(n) for n in range(N))),
        _with(lossy(), "cluster", (str(N - n) for n in range(N))),
    ),
    "clusters of some rows": decided(
        base(), [row | ({"cluster": "c"} if n < LOST else {}) for n, row in enumerate(lossy())]
    ),
    "a range a thousand times as wide, with a margin in its points": decided(
        base(), lossy(), *_BOUNDED, "--high", "1000", "--max-drop", "10 points"
    ),
    "a range a thousand times as wide to both sides, with a margin in its points": decided(
        base(), lossy(), *_BOUNDED, "--low", "-1000", "--high", "1000", "--max-drop", "10 points"
    ),
    "a relative margin on a baseline below 0": decided(
        _with(base(), "score", [-0.5] * N), _with(base(), "score", [-1.0] * N),
        *_BOUNDED, "--low", "-1", "--max-drop", "60%",
    ),
    "a relative margin on a baseline of nearly 0": decided(
        _with(base(), "score", [1.0, -1.0] * (N // 2 - 1) + [1.0, 1.0]),
        _with(base(), "score", [-1.0] * N), *_BOUNDED, "--low", "-1", "--max-drop", "200%",
    ),
    "a relative margin, and lower is better on a baseline of 0": decided(
        _with(base(), "score", [0] * N), _with(base(), "score", [n % 3 == 0 for n in range(N)]),
        "--lower-is-better", "--max-drop", "500%",
    ),
    "the wrong answers are true": decided(base(), _where_wrong(score="true")),
    "two scores of one row": decided(base(), _where_wrong(candidate=1)),
    "a minimum that the worst meets": decided(base(), lossy(), "--min", "0"),
    "a maximum, where higher is better": decided(base(), lossy(), "--max", "1"),
}.items():  # fmt: skip
    sought(_what, blocked())(_plant)


@sought("the baseline's file is given for both", blocked())
def _same_file(place: Place) -> Seen:
    _write(place, "base.jsonl", base())
    given = ("--baseline", "base.jsonl", "--candidate", "./base.jsonl")
    return place.evalguard("decide", *given, "--max-drop", "10pp")


@sought("a link to the baseline's file is given for the candidate's", blocked())
def _linked(place: Place) -> Seen:
    _write(place, "base.jsonl", base())
    (place / "tuned.jsonl").symlink_to("base.jsonl")
    given = ("--baseline", "base.jsonl", "--candidate", "tuned.jsonl")
    return place.evalguard("decide", *given, "--max-drop", "10pp")


@sought("the baseline's rows are given as CSV for the candidate's", blocked("content"))
def _as_csv(place: Place) -> Seen:
    _write(place, "base.jsonl", base())
    place.write("tuned.csv", "id,score\n" + "".join(f"{row['id']},1\n" for row in base()))
    given = ("--baseline", "base.jsonl", "--candidate", "tuned.csv")
    return place.evalguard("decide", *given, "--max-drop", "10pp")


@sought("the baseline's rows are given with 1.0 for 1 for the candidate's", blocked("content"))
def _respelled(place: Place) -> Seen:
    return decided(base(), base(score=1.0))(place)  # type: ignore[no-any-return]


@sought("a key of a row is given twice", blocked())
def _twice(place: Place) -> Seen:
    _write(place, "base.jsonl", base())
    lines = (f'{{"id": "q{n}", "score": 0, "score": 1}}\n' for n in range(N))
    place.write("tuned.jsonl", "".join(lines))
    given = ("--baseline", "base.jsonl", "--candidate", "tuned.jsonl")
    return place.evalguard("decide", *given, "--max-drop", "10pp")
