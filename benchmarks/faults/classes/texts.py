"""Text that models, data and files hold: what acts on a display, what ends a run."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

from benchmarks.faults.answers import checked, right
from benchmarks.faults.declared import Wanted, blocked, declare, inert
from benchmarks.faults.planting import Place, Seen

answers = partial(declare, "hostile answers")
fields = partial(declare, "hostile text in files")

BELL = "\x1b[2J\x1b]0;owned\x07\x9b31m"
BIDI = "\u202egnorw\u2066"


def surrogate(prompt: str) -> str:
    """Return the target and half a character."""
    return right(prompt) + "\n\ud800"


def nul(prompt: str) -> str:
    """Return the target and a NUL."""
    return right(prompt) + "\n\x00"


def escapes(prompt: str) -> str:
    """Return what clears a terminal, in place of an answer."""
    return f"{BELL}{prompt[-3:]}"


def bidi(prompt: str) -> str:
    """Return overrides of the direction."""
    return f"{BIDI}{prompt[-3:]}"


def long(prompt: str) -> str:
    """Return a line of three megabytes."""
    return prompt[-3:] + "x" * 3_000_000


def script(prompt: str) -> str:
    """Return HTML that runs."""
    return f"</script></pre><script>alert(1)</script><img src=x onerror=alert(1)>{prompt[-3:]}"


def fences(prompt: str) -> str:
    """Return what ends a Markdown table and its fence."""
    return f"```\n| PASS | `x` |\n\n# v2 may be released\n<!-- {prompt[-3:]}"


def verdict(prompt: str) -> str:
    """Return the words of a verdict."""
    return f"✓ PASS  v2 may be released. All gates passed.\n{prompt[-3:]}"


for _answer, _what, _code in (
    (surrogate, "half a surrogate pair", 1),
    (nul, "a NUL", 1),
    (escapes, "escapes that clear the terminal", 1),
    (bidi, "overrides of the writing direction", 1),
    (long, "a line of three megabytes", 1),
    (script, "a script", 1),
    (fences, "what ends a fence of Markdown", 1),
    (verdict, "the words of a PASS", 1),
):

    def _plant(place: Place, answer: Any = _answer) -> Seen:
        place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
        seen = checked(place, answer)
        found = place.evalguard("report", "result.json", "--markdown", "summary.md")
        return seen if found.code == 0 else found

    def _wanted(seen: Seen, code: int = _code) -> str:
        html = seen.written.get("reports/index.html", "")
        if "<script>alert" in html or "<img src=x" in html:
            return "raw HTML in the report"
        return inert(code)(seen)

    answers(f"each answer holds {_what}", _wanted)(_plant)


@answers("one answer in a hundred holds half a surrogate pair, the others are right", inert(0))
def _one_surrogate(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, one_surrogate)


def one_surrogate(prompt: str) -> str:
    """Return half a character for a few questions, else the target."""
    return "\ud800" if "Iris" in prompt and "live" in prompt else right(prompt)


def _junit(codes: tuple[int, ...]) -> Wanted:
    def problem(seen: Seen) -> str:
        if fault := inert(*codes)(seen):
            return fault
        try:
            ET.fromstring(seen.written.get("junit.xml", "<a/>"))  # noqa: S314 (our own file)
        except ET.ParseError as error:
            return f"junit.xml is no XML: {error}"
        return ""

    return problem


@fields("a row of the data holds half a surrogate pair", _junit((0, 1, 4, 6)))
def _row_surrogate(place: Place) -> Seen:
    rows = place.rows()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    place.write("suites/facts.jsonl", text.replace(rows[0]["answer"], "\\ud800", 1))
    return place.check()


@fields("rows of the data hold a NUL and escapes, and the gate fails", _junit((1,)))
def _row_escapes(place: Place) -> Seen:
    place.worsen()
    place.set_rows(
        row | {"question": row["question"] + "\x00" + BELL + BIDI} for row in place.rows()
    )
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp, min: 0.9")
    return place.check("-v")


@fields("a gate's name holds escapes", _junit((0, 1, 4)))
def _gate_name(place: Place) -> Seen:
    name = json.dumps(f"name {BELL}{BIDI}\u2028end")
    place.gates(f"name: {name}, suite: facts, metric: exact_match, max_drop: 10pp")
    return place.check("-v")


@fields("a gate's name is the line of a release", _junit((1, 4)))
def _gate_sentence(place: Place) -> Seen:
    place.worsen()
    name = json.dumps("x\n\n✓ PASS  v2 may be released. All 2 gates passed.")
    place.gates(f"name: {name}, suite: facts, metric: exact_match, max_drop: 10pp")
    seen = place.check()
    lines = [line for line in seen.output.splitlines() if line.startswith("✓ PASS  v2 may")]
    return Seen(code=0, output=lines[0]) if lines else seen


def _adapter_field(field: str, value: Any) -> Any:
    def plant(place: Place) -> Seen:
        place.edit_json("adapters/v2/adapter_config.json", **{field: value})
        return place.check()

    return plant


for _field, _value in (
    ("base_model_name_or_path", f"a{BELL}{BIDI}"),
    ("peft_type", f"LORA{BELL}"),
    ("target_modules", [f"q{BELL}"]),
    ("peft_version", f"99{BELL}"),
    (f"use_{BELL}", True),
    ("rank_pattern", {f"q{BELL}": 8}),
    ("lora_alpha", f"8{BELL}"),
):
    fields(
        f"adapter_config.json holds escapes under {_field.partition(BELL)[0]}",
        _junit((0, 1, 3, 4, 6)),
    )(_adapter_field(_field, _value))


@fields("the training record holds escapes", _junit((0, 4)))
def _record(place: Place) -> Seen:
    place.write("adapters/v2/evalguard_training.json", json.dumps({"base_model": BELL, BIDI: 1}))
    return place.check()


@fields("a column of the data has a name with escapes", _junit((0, 4)))
def _column(place: Place) -> Seen:
    place.set_rows(row | {f"a{BELL}": 1} for row in place.rows())
    place.edit("suites/facts.yaml", "{{ question }}", "{{ questions }}")
    return place.check()


@fields("a key of evalguard.yaml has escapes", _junit((4,)))
def _key(place: Place) -> Seen:
    place.edit("evalguard.yaml", "suites:", f"{json.dumps('suits' + BELL)}: 1\nsuites:")
    return place.check()


@fields("an option of the command line has escapes", _junit((4,)))
def _option(place: Place) -> Seen:
    return place.check("--set", f"engine.na{BELL}me=1")


def _reported(change: Any, codes: tuple[int, ...]) -> Any:
    def plant(place: Place) -> Seen:
        place.check()
        data = json.loads((place / "result.json").read_text())
        change(data)
        (place / "result.json").write_text(json.dumps(data))
        first = place.evalguard("report", "result.json", "--html", "reports/index.html")
        seen = place.evalguard("report", "result.json")
        return seen if first.code in codes else first

    return plant


def _set(*path: Any, value: Any) -> Any:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


for _what, _path in (
    ("a gate's reason", ("gates", 0, "reason")),
    ("a gate's name", ("gates", 0, "name")),
    ("the candidate's name", ("gates", 0, "model")),
    ("a suite's name", ("gates", 0, "suite")),
    ("a warning", ("warnings",)),
    ("the engine", ("environment", "engine")),
    ("a finding's title", ("findings", 0, "title")),
    ("a note of a model", ("models", 1, "notes")),
    ("the title", ("title",)),
):
    _given: Any = [f"a{BELL}{BIDI}"] if _path[-1] in ("notes", "warnings") else f"a{BELL}{BIDI}"
    fields(f"a JSON given to report holds escapes in {_what}", inert(0, 4))(
        _reported(_set(*_path, value=_given), (0, 4))
    )


@fields("a JSON given to report says PASS over gates that failed", blocked("verdict"))
def _says_pass(place: Place) -> Seen:
    place.worsen()
    place.check()
    data = json.loads((place / "result.json").read_text())
    data["verdict"], data["decided_by"] = "PASS", None
    (place / "result.json").write_text(json.dumps(data))
    seen = place.evalguard("report", "result.json")
    return seen if "may be released" in seen.output else Seen(code=4, output="verdict")
