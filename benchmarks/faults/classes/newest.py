"""Ways to a PASS through pooled gates, seeds, extensions and further checks."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import Any

from benchmarks.faults.answers import checked
from benchmarks.faults.declared import blocked, declare
from benchmarks.faults.planting import Place, Seen

pooling = partial(declare, "pooled gates")
training = partial(declare, "seeds of a recipe")
again = partial(declare, "checked until it passes")

GENERAL = "{name: a, suite: general, metric: acc, max_drop: 10pp"
FACTS = "{name: b, suite: facts, metric: exact_match, max_drop: 10pp"


def _pooled(pool: str) -> Any:
    """Check a candidate that is wrong on nearly everything, by a pooled gate."""

    def plant(place: Place) -> Seen:
        place.worsen()
        gates = "".join(f"  - {gate}, role: tripwire}}\n" for gate in (GENERAL, FACTS))
        place.write(
            "thresholds/release.yaml", f"version: 1\ngates:\n{gates}pooled:\n  - {{{pool}}}\n"
        )
        return place.check()

    return plant


for _what, _plant in {
    "tripwires, and a margin of nearly all": _pooled("name: p, gates: [a, b], max_drop: 99pp"),
    "a margin of all": _pooled("name: p, gates: [a, b], max_drop: 100pp"),
    "a confidence level of 0": _pooled(
        "name: p, gates: [a, b], max_drop: 10pp, confidence_level: 0"
    ),
    "a confidence level of 50.0001 %": _pooled(
        "name: p, gates: [a, b], max_drop: 45pp, confidence_level: 0.500001"
    ),
    "one gate twice": _pooled("name: p, gates: [a, a], max_drop: 10pp"),
    "one gate": _pooled("name: p, gates: [a], max_drop: 10pp"),
    "no gate": _pooled("name: p, gates: [], max_drop: 10pp"),
    "weights that leave a gate out": _pooled(
        "name: p, gates: [a, b], max_drop: 10pp, weights: {a: 1, b: 0}"
    ),
    "a bound that the worst meets": _pooled("name: p, gates: [a, b], min: 0"),
    "itself": _pooled("name: p, gates: [a, p], max_drop: 10pp"),
}.items():
    pooling(f"a pooled gate over {_what}", blocked())(_plant)


@pooling("a metric and its opposite are pooled, so that they cancel", blocked("cancel out"))
def _opposite(place: Place) -> Seen:
    place.write(
        "scorers/own.py",
        'from evalguard.scorers import scorer\n\n\n@scorer(name="own")\n'
        "def own(output: str, target: str) -> bool:\n    return output.strip() != target\n",
    )
    place.edit("evalguard.yaml", "suites:\n", "scorer_modules: [scorers/own.py]\nsuites:\n")
    place.edit("suites/facts.yaml", "- exact_match", "- exact_match\n  - own")
    place.write(
        "thresholds/release.yaml",
        "version: 1\ngates:\n"
        "  - {name: a, suite: facts, metric: exact_match, max_drop: 99pp, role: tripwire}\n"
        "  - {name: b, suite: facts, metric: own, min_gain: 1pp, role: tripwire}\n"
        "pooled:\n  - {name: p, gates: [a, b], max_drop: 5pp}\n",
    )
    return checked(place, "half")


def _seeds(*folders: str, gate: str = "guard") -> Any:
    def plant(place: Place) -> Seen:
        place.worsen()
        for number in (2, 3, 4):
            target = place / f"adapters/good{number}"
            shutil.copytree(place / "adapters/harmless", target)
            _with_metadata(target, str(number))
        place.edit("evalguard.yaml", "adapter: adapters/v2", f"seeds: [{', '.join(folders)}]")
        place.gates(f"suite: facts, metric: exact_match, max_drop: 10pp, role: {gate}")
        return place.check()

    return plant


def _with_metadata(folder: Any, note: str) -> None:
    """Give the same weights other bytes."""
    from safetensors.torch import load_file, save_file

    file = folder / "adapter_model.safetensors"
    save_file(load_file(file), file, metadata={"note": note})


for _what, _plant in {
    "one is harmful, of four": _seeds(
        "adapters/v2", "adapters/harmless", "adapters/good2", "adapters/good3"
    ),
    "one is harmful, and the gate is a tripwire": _seeds(
        "adapters/v2", "adapters/harmless", "adapters/good2", gate="tripwire"
    ),
    "one folder is not there": _seeds("adapters/harmless", "adapters/none"),
    "one folder is named twice, in two ways": _seeds(
        "adapters/harmless", "adapters/../adapters/harmless"
    ),
    "the same weights are saved under other bytes": _seeds(
        "adapters/harmless", "adapters/good2", "adapters/good3", "adapters/good4"
    ),
}.items():
    wanted = blocked("same adapter") if "bytes" in _what else blocked()
    training(f"of the seeds, {_what}", wanted)(_plant)


@training("of the seeds, two differ in a file beside the weights", blocked())
def _beside(place: Place) -> Seen:
    shutil.copytree(place / "adapters/harmless", place / "adapters/good2")
    config = place / "adapters/good2/adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()), indent=7))
    place.edit(
        "evalguard.yaml", "adapter: adapters/v2", "seeds: [adapters/harmless, adapters/good2]"
    )
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    return place.check()


@again("the questions are changed to those that the candidate gets right", blocked())
def _questions(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    kept = [{**row, "answer": "nothing"} for row in place.rows()]
    place.set_rows(kept)
    return place.check()


@again("the harmful candidate gets the stored answers of the harmless one's name", blocked())
def _name(place: Place) -> Seen:
    place.edit("evalguard.yaml", "v2:\n", "v3:\n")
    place.worsen()
    return place.check()


@again("it is checked with one seed after another", blocked())
def _seed_by_seed(place: Place) -> Seen:
    place.worsen()
    seen = Seen(code=0)
    for seed in range(3):
        seen = place.check("--set", f"seed={seed}")
        if seen.code == 0:
            break
    return seen


@again("it is extended again and again", blocked())
def _extended(place: Place) -> Seen:
    place.edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 12\n  limit: 20")
    place.worsen()
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
    place.check()
    for _ in range(3):
        seen = place.check("--extend", "20")
        if seen.code == 0:
            break
    return seen


@again("the adapter is one of zeros", blocked("effect", "baseline"))
def _zeros(place: Place) -> Seen:
    import torch
    from safetensors.torch import load_file, save_file

    file = place / "adapters/v2/adapter_model.safetensors"
    save_file({name: torch.zeros_like(one) for name, one in load_file(file).items()}, file)
    return place.check()
