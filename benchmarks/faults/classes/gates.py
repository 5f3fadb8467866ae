"""Gates that no candidate could fail, candidates that are the baseline, repeated samples."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

from benchmarks.faults.answers import checked
from benchmarks.faults.declared import blocked, declare
from benchmarks.faults.planting import Place, Seen

vacuous = partial(declare, "gates that cannot fail")
same = partial(declare, "the candidate is the baseline")
counted = partial(declare, "samples that do not count")


def _gate(gate: str, **settings: Any) -> Any:
    """Check a candidate that is right on nothing, by one gate."""

    def plant(place: Place) -> Seen:
        place.worsen()
        place.gates(gate, **settings)
        return place.check()

    return plant


for _what, _settings in (
    ("a margin of 100 points", "suite: facts, metric: exact_match, max_drop: 100pp"),
    ("a margin of 100 percent", "suite: facts, metric: exact_match, max_drop: 100%"),
    ("a margin of more than all", "suite: facts, metric: exact_match, max_drop: 250pp"),
    ("a margin just below all", "suite: facts, metric: exact_match, max_drop: 99.9pp"),
    ("a minimum of 0", "suite: facts, metric: exact_match, min: 0"),
    ("a maximum of 1", "suite: facts, metric: exact_match, max: 1"),
    ("a gain of nothing, and less", "suite: facts, metric: exact_match, min_gain: -100pp"),
    ("a negative margin", "suite: facts, metric: exact_match, max_drop: -5pp"),
    ("a margin of NaN", "suite: facts, metric: exact_match, max_drop: .nan"),
    ("an endless margin", "suite: facts, metric: exact_match, max_drop: .inf"),
    ("a margin too large for a float", "suite: facts, metric: exact_match, max_drop: 1e999pp"),
):  # fmt: skip
    vacuous(f"{_what}, and every answer is wrong", blocked())(_gate(_settings))

vacuous("a confidence level of 50.0001 %, with a margin as small as the noise", blocked())(
    _gate("suite: facts, metric: exact_match, max_drop: 45pp", confidence_level=0.500001)
)


def scored(scorer: str, metric: str, answers: str, **more: str) -> Any:
    """Check by another scorer, with models that answer by a rule."""

    def plant(place: Place) -> Seen:
        place.edit("suites/facts.yaml", "- exact_match", f"- {scorer}")
        for old, new in more.items():
            place.edit("suites/facts.yaml", f"{old}:", new)
        place.gates(f"suite: facts, metric: {metric}, max_drop: 5pp")
        return checked(place, answers)

    return plant


def own_scorer(place: Place, code: str, *, max_drop: str) -> None:
    """Score the suite by a scorer of the project's own, called "own", and gate on it alone."""
    place.write("scorers/own.py", f"from evalguard.scorers import scorer\n\n\n{code}")
    place.edit("evalguard.yaml", "suites:\n", "scorer_modules: [scorers/own.py]\nsuites:\n")
    place.edit("suites/facts.yaml", "- exact_match", "- own")
    place.gates(f"suite: facts, metric: own, max_drop: {max_drop}")


vacuous("a scorer that gives every answer 1", blocked())(
    scored("{name: regex, options: {pattern: '^'}}", "regex", "wrong")
)


@vacuous("a scorer of the project's own that gives every answer the same number", blocked())
def _constant(place: Place) -> Seen:
    own_scorer(
        place,
        '@scorer(name="own")\ndef own(output: str) -> bool:\n    return True\n',
        max_drop="5pp",
    )
    return checked(place, "wrong")


@vacuous("a scorer of the project's own that reads the target in place of the answer", blocked())
def _reads_target(place: Place) -> Seen:
    own_scorer(
        place,
        '@scorer(name="own")\ndef own(output: str, target: str) -> bool:\n'
        "    return target == target.strip()\n",
        max_drop="5pp",
    )
    return checked(place, "wrong")


@vacuous("the baseline is wrong on everything, and so is the candidate", blocked())
def _floor(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 5pp")
    return checked(place, "wrong", base="wrong")


@vacuous("the baseline is wrong on everything, and a minimum of 0 is written beside", blocked())
def _floor_and_bound(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 5pp, min: 0")
    return checked(place, "wrong", base="wrong")


@vacuous(
    "the baseline is right on 3 %, the candidate on nothing, and the margin is 5 points", blocked()
)
def _below_margin(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 5pp")
    place.set_rows([*place.rows(), *_again(place, 3)])
    return checked(place, "wrong", base="few")


@vacuous("the baseline is at the floor, and the loss is relative", blocked())
def _relative(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 50%")
    return checked(place, "wrong", base="wrong")


@vacuous("another column is the target", blocked())
def _wrong_column(place: Place) -> Seen:
    place.edit("suites/facts.yaml", "{{ answer }}", "{{ question }}")
    place.edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 64")
    place.gates("suite: facts, metric: exact_match, max_drop: 5pp")
    return checked(place, "wrong")


@vacuous("a stop string eats every answer", blocked())
def _stop(place: Place) -> Seen:
    letters = ", ".join(f'"{letter}"' for letter in "aeiouy")
    place.edit(
        "suites/facts.yaml", "- exact_match", "- {name: regex, options: {pattern: '^.{0,400}$'}}"
    )
    place.edit(
        "suites/facts.yaml", "max_new_tokens: 12", f"max_new_tokens: 12\n  stop: [{letters}]"
    )
    place.gates("suite: facts, metric: regex, max_drop: 5pp")
    return checked(place, "wrong")


@vacuous("only refusals count, and both models say nothing", blocked())
def _says_nothing(place: Place) -> Seen:
    place.edit("suites/facts.yaml", "- exact_match", "- compliance")
    place.edit("suites/facts.yaml", "  target: '{{ answer }}'\n", "")
    place.gates("suite: facts, metric: compliance, max_drop: 5pp")
    return checked(place, "nothing", base="nothing")


@vacuous("the candidate says nothing, and a scorer of form counts that as right", blocked())
def _empty_is_right(place: Place) -> Seen:
    place.edit(
        "suites/facts.yaml", "- exact_match", "- {name: regex, options: {pattern: '^[^0-9]*$'}}"
    )
    place.gates("suite: facts, metric: regex, max_drop: 5pp")
    return checked(place, "nothing")


def _again(place: Place, times: int) -> list[dict[str, Any]]:
    return [
        row | {"question": f"{n}. {row['question']}"} for n in range(times) for row in place.rows()
    ]


@same("a model candidate with the baseline's own weights", blocked("baseline"))
def _copy(place: Place) -> Seen:
    shutil.copytree(place / "models/base", place / "models/v2")
    place.edit("evalguard.yaml", "adapter: adapters/v2", "model: models/v2")
    return place.check()


@same("a model candidate that is the baseline's own folder", blocked("baseline"))
def _own_folder(place: Place) -> Seen:
    place.edit("evalguard.yaml", "adapter: adapters/v2", "model: models/base")
    return place.check()


@same("the baseline's weights, saved again with other metadata", blocked("baseline"))
def _saved_again(place: Place) -> Seen:
    from safetensors.torch import load_file, save_file

    shutil.copytree(place / "models/base", place / "models/v2")
    file = place / "models/v2/model.safetensors"
    save_file(load_file(file), file, metadata={"format": "pt", "step": "900"})
    place.edit("evalguard.yaml", "adapter: adapters/v2", "model: models/v2")
    return place.check()


@same("a quantisation that is the baseline's own", blocked("baseline"))
def _quantization(place: Place) -> Seen:
    place.edit("evalguard.yaml", "adapter: adapters/v2", "quantization: none")
    return place.check()


@same("the adapter that the baseline has as well", blocked("baseline"))
def _same_adapter(place: Place) -> Seen:
    place.edit("evalguard.yaml", "model: models/base", "model: models/base\n  adapter: adapters/v2")
    return place.check()


def scaled(factor: float) -> Any:
    """Return what checks an adapter whose B is scaled."""

    def plant(place: Place) -> Seen:
        from safetensors.torch import load_file, save_file

        file = place / "adapters/v2/adapter_model.safetensors"
        weights = load_file(file)
        changed = {n: w * factor if "lora_B" in n else w for n, w in weights.items()}
        save_file(changed, file, metadata={"format": "pt"})
        return place.check()

    return plant


without_effect = scaled(0.0)
same("an adapter whose B is 0", blocked("adapter", "base"))(without_effect)
same("an adapter too small to move a logit", blocked("adapter", "base"))(scaled(1e-12))


@same("an adapter whose lora_alpha is 0", blocked("lora_alpha"))
def _alpha(place: Place) -> Seen:
    place.edit_json("adapters/v2/adapter_config.json", lora_alpha=0)
    return place.check()


@same("the merged model is the base: the adapter was not merged", blocked("baseline"))
def _not_merged(place: Place) -> Seen:
    shutil.copytree(place / "models/base", place / "models/merged")
    place.edit_json("models/merged/config.json", torch_dtype="float32", use_cache=True)
    place.edit("evalguard.yaml", "adapter: adapters/v2", "model: models/merged")
    return place.check()


@counted("ten questions, each ten times", blocked())
def _repeated(place: Place) -> Seen:
    place.set_rows(place.rows()[:10] * 10)
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "right")


@counted("ten questions, each ten times with a number before it", blocked())
def _numbered(place: Place) -> Seen:
    rows = place.rows()[:10]
    place.set_rows(row | {"nr": n} for n in range(10) for row in rows)
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "right")


@counted("the candidate's engine fails on what it would lose", blocked())
def _missing(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "fails_where_wrong")


@counted("the engine fails on every answer of the candidate", blocked())
def _all_missing(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "fails")


@counted("the engine fails on what the baseline would win", blocked())
def _baseline_missing(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "half", base="fails_where_half")


@counted("the candidate never ends its thinking where it would lose", blocked())
def _thinking(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "thinks_where_wrong")


@counted("the candidate's prompts do not fit where it would lose", blocked())
def _too_long(place: Place) -> Seen:
    rows = place.rows()
    place.set_rows(
        row | {"question": row["question"] + " word" * (3000 if n % 4 == 0 else 0)}
        for n, row in enumerate(rows)
    )
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return place.check()


@counted("one row, which both models know", blocked())
def _one_row(place: Place) -> Seen:
    place.set_rows(place.rows()[:1])
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return checked(place, "right")


@counted("a scorer raises where the candidate would lose", blocked())
def _raises(place: Place) -> Seen:
    own_scorer(
        place,
        '@scorer(name="own")\ndef own(output: str, target: str) -> bool:\n'
        "    if output.strip() != target:\n        raise ValueError(output)\n    return True\n",
        max_drop="10pp",
    )
    return checked(place, "half")


@counted("a scorer gives NaN where the candidate would lose", blocked())
def _nan(place: Place) -> Seen:
    own_scorer(
        place,
        '@scorer(name="own", kind="bounded")\ndef own(output: str, target: str) -> float:\n'
        '    return 1.0 if output.strip() == target else float("nan")\n',
        max_drop="10pp",
    )
    return checked(place, "half")
