"""Configuration, receipts and scores of others: what a reader of files must refuse."""

from __future__ import annotations

import base64
import json
import os
from functools import partial
from typing import Any

from benchmarks.faults.declared import blocked, declare, exits
from benchmarks.faults.planting import Place, Seen

config = partial(declare, "configuration")
receipts = partial(declare, "receipts")
scores = partial(declare, "scores of others")


def _thresholds(text: str) -> Any:
    def plant(place: Place) -> Seen:
        place.write("thresholds/release.yaml", text)
        return place.check(seconds=40)

    return plant


GATE = "{suite: facts, metric: exact_match, max_drop: 10pp}"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)

for _what, _text in (
    ("has no gates", "version: 1\ngates: []\n"),
    ("has null for gates", "version: 1\ngates:\n"),
    ("has a gate without a demand", "version: 1\ngates: [{suite: facts, metric: exact_match}]\n"),
    ("has a gate of null", "version: 1\ngates: [null]\n"),
    ("has the key gates twice", f"version: 1\ngates: [{GATE}]\ngates: []\n"),
    ("has a gate with max_drop twice",
     "version: 1\ngates: [{suite: facts, metric: exact_match, max_drop: 1pp, max_drop: 99pp}]\n"),
    ("has a merge key that loosens a gate",
     "version: 1\nbase: &b {max_drop: 1pp}\ngates: [{<<: *b, suite: facts, metric: acc}]\n"),
    ("is of another version", f"version: 2\ngates: [{GATE}]\n"),
    ("misspells max_drop",
     "version: 1\ngates: [{suite: facts, metric: exact_match, max_dorp: 1pp, min: 0}]\n"),
    ("sets a confidence of 0.5", f"version: 1\nconfidence_level: 0.5\ngates: [{GATE}]\n"),
    ("sets a confidence of NaN", f"version: 1\nconfidence_level: .nan\ngates: [{GATE}]\n"),
    ("has a margin without a unit",
     "version: 1\ngates: [{suite: facts, metric: exact_match, max_drop: 5}]\n"),
    ("has a gate on a suite that is not there",
     "version: 1\ngates: [{suite: fact, metric: exact_match, max_drop: 5pp}]\n"),
    ("has two gates of one name", f"version: 1\ngates: [{GATE}, {GATE}]\n"),
    ("makes an object of Python", "version: !!python/object/apply:os._exit [0]\ngates: []\n"),
    ("is a bomb of aliases", f"{BOMB}version: 1\ngates: *a8\n"),
    ("is nested ten thousand deep", "version: 1\ngates: " + "[" * 10_000 + "\n"),
    ("has a number of a million digits",
     f"version: 1\nlooks: {'9' * 1_000_000}\ngates: [{GATE}]\n"),
    ("is two documents", f"version: 1\ngates: [{GATE}]\n---\nversion: 1\ngates: []\n"),
    ("warns of what it cannot decide, in other words",
     f"version: 1\non_inconclusive: Warn\ngates: [{GATE}]\n"),
):  # fmt: skip
    config(f"the thresholds file {_what}", blocked())(_thresholds(_text))


def _override(*overrides: str) -> Any:
    def plant(place: Place) -> Seen:
        place.worsen()
        return place.check(*(word for one in overrides for word in ("--set", one)))

    return plant


for _what, _overrides in (
    ("takes the candidate away", ("candidates={}",)),
    ("sets the candidates to null", ("candidates=null",)),
    ("sets a key that is not there", ("candidates.v3.adaptr=adapters/harmless",)),
    ("gives no value", ("candidates.v2.adapter=",)),
    ("names thresholds outside the folder", ("thresholds=../loose",)),
):
    config(f"an override {_what}", blocked())(_override(*_overrides))


@config("a suite's name leads out of the folder", blocked())
def _traversal(place: Place) -> Seen:
    place.edit("evalguard.yaml", "- facts", "- ../../facts")
    return place.check()


@config("two suites have one name but for case", blocked())
def _case(place: Place) -> Seen:
    place.edit("evalguard.yaml", "- facts", "- facts\n- Facts")
    return place.check()


@config("no gate is on the suite that the candidate fails", exits(0, 4))
def _ungated(place: Place) -> Seen:
    place.gates("suite: general, metric: acc, max_drop: 10pp")
    seen = place.check()
    said = "facts" in seen.output and "no gate" in seen.output.lower()
    return seen if seen.code or said else Seen(code=70, output="a suite without a gate, in silence")


def _receipt(place: Place) -> None:
    """Write the receipt of the adapter under test."""
    from evalguard.api import read_result
    from evalguard.pipeline.receipt import make_receipt, write_receipt

    place.check("--full")
    released = place / "adapters/v2"
    receipt = make_receipt(
        read_result(place / "result.json"), released, base=place / "models/base", inputs=()
    )
    write_receipt(receipt, released / "evalguard_receipt.json")


def _verified(change: Any, *arguments: str) -> Any:
    def plant(place: Place) -> Seen:
        _receipt(place)
        change(place)
        file = "adapters/v2/evalguard_receipt.json"
        return place.evalguard("verify", file, "adapters/v2", *arguments, seconds=30)

    return plant


def _released(name: str, make: Any) -> Any:
    return lambda place: make(place / "adapters/v2" / name)


def _fold(place: Place) -> None:
    (place / "elsewhere").mkdir()
    (place / "elsewhere/evil.py").write_text("")
    (place / "adapters/v2/code").symlink_to(place / "elsewhere")


def _edited(change: Any) -> Any:
    """Change the envelope and the statement in it."""

    def edit(place: Place) -> None:
        file = place / "adapters/v2/evalguard_receipt.json"
        envelope = json.loads(file.read_text())
        statement = json.loads(base64.b64decode(envelope["payload"]))
        change(envelope, statement)
        envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
        file.write_text(json.dumps(envelope))

    return edit


def _written(text: str) -> Any:
    return lambda place: place.write("adapters/v2/evalguard_receipt.json", text)


for _what, _change in (
    ("a changed file", lambda place: place.worsen()),
    ("an added file", _released("more.py", lambda path: path.write_text(""))),
    ("an added hidden file", _released(".more.py", lambda path: path.write_text(""))),
    ("an added FIFO", _released("pipe", os.mkfifo)),
    ("an added link that leads nowhere", _released("link", lambda p: p.symlink_to("nowhere"))),
    ("an added folder that is a link", _fold),
    ("an added empty folder", _released("empty", lambda path: path.mkdir())),
    ("a removed file", _released("adapter_config.json", lambda path: path.unlink())),
    ("a verdict that was edited",
     _edited(lambda _, inner: inner["predicate"].update(verdict="pass"))),
    ("no released files", _edited(lambda _, inner: inner.update(subject=[]))),
    ("released files without hashes", _edited(lambda _, inner: inner.update(subject=["adapter"]))),
    ("another schema", _edited(lambda _, inner: inner.update(predicateType="v2"))),
    ("a receipt nested ten thousand deep", _written("[" * 100_000)),
    ("a receipt that is no JSON", _written("{")),
    ("a receipt that is a list", _written("[]")),
    ("a signature that is no signature",
     _edited(lambda outer, _: outer.update(signatures=[{"keyid": "a", "sig": "AAAA"}]))),
):  # fmt: skip
    receipts(f"verify is given {_what}", blocked())(_verified(_change))


@receipts("a receipt is made of a part of the gates", blocked())
def _partial(place: Place) -> Seen:
    from evalguard.api import read_result
    from evalguard.errors import EvalGuardError
    from evalguard.pipeline.receipt import make_receipt

    place.check("-k", "acc")
    result = read_result(place / "result.json")
    try:
        make_receipt(result, place / "adapters/v2", base=None, inputs=())
    except EvalGuardError as error:
        return Seen(code=4, output=str(error))
    return Seen(code=0, output="a receipt of 1 of 2 gates")


def _rows(*rows: str) -> Any:
    def plant(place: Place) -> Seen:
        place.write("scores.jsonl", "".join(f"{row}\n" for row in rows))
        return place.evalguard("decide", "--from", "scores.jsonl", "--max-drop", "10pp")

    return plant


def _pairs(count: int = 300, **values: Any) -> list[str]:
    return [
        json.dumps({"id": str(n), "baseline": 1, "candidate": 1} | values) for n in range(count)
    ]


for _what, _given in (
    ("candidates that are NaN", [row.replace(": 1}", ": NaN}") for row in _pairs()]),
    ("candidates that are infinite", [row.replace(": 1}", ": Infinity}") for row in _pairs()]),
    ("scores as text", _pairs(candidate="1")),
    ("truth values of the candidate as text", _pairs(candidate="true")),
    ("binary scores of 0.5", _pairs(baseline=0.5, candidate=0.5)),
    ("scores of 7 in a range from 0 to 1", _pairs(candidate=7)),
    ("one id three hundred times", _pairs(id="a")),
    ("no score of the candidate", _pairs(candidate=None)),
    ("no row", []),
    ("rows without the candidate", [json.dumps({"id": str(n), "baseline": 1}) for n in range(300)]),
    ("baselines that are all 0, and candidates, too", _pairs(baseline=0, candidate=0)),
    ("one cluster of three hundred samples", _pairs(cluster="a")),
):
    scores(f"decide is given {_what}", blocked())(_rows(*_given))


def _counts(*arguments: str) -> Any:
    return lambda place: place.evalguard("decide", *arguments)


for _what, _arguments in (
    ("more losses than questions",
     ("--losses", "9", "--gains", "0", "--n", "5", "--max-drop", "5pp")),
    ("no question", ("--losses", "0", "--gains", "0", "--n", "0", "--max-drop", "5pp")),
    ("a margin of 200 points",
     ("--losses", "9", "--gains", "0", "--n", "9", "--max-drop", "200pp")),
    ("a margin of all", ("--losses", "90", "--gains", "0", "--n", "90", "--max-drop", "100pp")),
    ("no demand", ("--losses", "0", "--gains", "0", "--n", "500")),
    ("a confidence of a half",
     ("--losses", "5", "--gains", "5", "--n", "500", "--max-drop", "5pp", "--confidence", "0.5")),
):  # fmt: skip
    scores(f"decide is given {_what}", blocked())(_counts(*_arguments))
