"""What was asked is loosened after a look at the result."""

from __future__ import annotations

from functools import partial

from benchmarks.faults.declared import Wanted, declare
from benchmarks.faults.planting import Place, Seen

loosened = partial(declare, "loosened after a look")


def says(*words: str) -> Wanted:
    """Demand that the terminal, the HTML report and the JSON say what it was at first."""

    def problem(seen: Seen) -> str:
        if seen.timed_out or "Traceback (most recent call last)" in seen.output:
            return seen.last_line
        texts = {"terminal": " ".join(seen.output.split()), **seen.written}
        for name in ("terminal", "result.json", "reports/index.html"):
            text = " ".join(texts.get(name, "").split())
            if not all(word in text for word in ("changed since the first check", *words)):
                return f"{name} does not say it: {seen.last_line}"
        return ""

    return problem


def _edited(place: Place, file: str, old: str, new: str) -> Seen:
    place.edit(file, old, new)
    return place.check()


for _what, _file, _old, _new, _word in (
    ("a margin is doubled", "thresholds/release.yaml", "10pp", "20pp", "max_drop 20pp"),
    ("the baseline may not think any more", "evalguard.yaml", "model: models/base",
     'model: models/base\n  thinking: "off"', "baseline.thinking"),
    ("the candidate's thinking is cut off its answers", "evalguard.yaml", "adapter: adapters/v2",
     'adapter: adapters/v2\n    thinking: {end: "</x>"}', "candidate.thinking.end"),
    ("the baseline gets a tokenizer", "evalguard.yaml", "model: models/base",
     "model: models/base\n  tokenizer: models/base", "baseline.tokenizer"),
    ("the engine gets an option", "evalguard.yaml", "device: cpu",
     "device: cpu\n  options: {attn_implementation: eager}", "attn_implementation"),
    ("the chat template is switched off", "evalguard.yaml", "suites:",
     "chat_template: false\nsuites:", "chat_template"),
    ("the order of the samples is drawn again", "evalguard.yaml", "suites:", "seed: 8\nsuites:",
     "seed was not set, is 8"),
    ("early stopping looks twice as often", "evalguard.yaml", "suites:", "looks: 20\nsuites:",
     "looks was not set, is 20"),
    ("answers may be longer", "suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 40",
     "max_new_tokens was 12, is 40"),
    ("a scorer gets an option", "suites/facts.yaml", "- exact_match",
     "- {name: exact_match, options: {ignore_case: false}}", "ignore_case"),
    ("answers are drawn at a temperature", "suites/facts.yaml", "max_new_tokens: 12",
     "max_new_tokens: 12\n  temperature: 0.7", "temperature"),
):  # fmt: skip
    loosened(_what, says(_word))(partial(_edited, file=_file, old=_old, new=_new))


@loosened("a test set loses its last questions", says("or the code that scores it changed"))
def _fewer(place: Place) -> Seen:
    place.set_rows(place.rows()[:90])
    return place.check()


def _doubled(place: Place) -> None:
    place.edit("thresholds/release.yaml", "10pp", "20pp")


@loosened("a margin is doubled in a renamed project", says("max_drop 20pp"))
def _renamed(place: Place) -> Seen:
    _doubled(place)
    (place / "evalguard.yaml").rename(place / "other.yaml")
    return place.check("--config", "other.yaml")


@loosened("a margin is doubled in a copy that uses the same store", says("max_drop 20pp"))
def _copied(place: Place) -> Seen:
    for name in ("evalguard.yaml", "models", "adapters", "suites", "thresholds"):
        place.write(f"copy/{name}", "").unlink()
        (place / name).rename(place / "copy" / name)
    copy = Place(place / "copy")
    _doubled(copy)
    copy.edit("evalguard.yaml", "suites:", "store: ../.evalguard/store.db\nsuites:")
    return copy.check()


@loosened("a margin is doubled for a candidate of another name", says("max_drop 20pp"))
def _renamed_candidate(place: Place) -> Seen:
    _doubled(place)
    place.edit("evalguard.yaml", "v2:", "v3:")
    return place.check()


@loosened("a suite gets another name, and its gate a larger margin", says("was removed"))
def _renamed_suite(place: Place) -> Seen:
    (place / "suites/facts.yaml").rename(place / "suites/knowledge.yaml")
    place.edit("evalguard.yaml", "- facts", "- knowledge")
    place.edit("thresholds/release.yaml", "suite: facts", "suite: knowledge")
    _doubled(place)
    return place.check()


@loosened("a margin is doubled, and the adapter's file gets a note", says("max_drop 20pp"))
def _noted(place: Place) -> Seen:
    from safetensors.torch import load_file, save_file

    _doubled(place)
    file = place / "adapters/v2/adapter_model.safetensors"
    save_file(load_file(file), file, metadata={"note": "again"})
    return place.check()
