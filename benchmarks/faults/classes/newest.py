"""Ways to a PASS through pooled gates, seeds, extensions and further checks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.faults.answers import checked, half, right, wrong
from benchmarks.faults.declared import blocked, declare, no_release, undecided
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


def _paid_back(*paying: str, rows: str = "facts", kind: str = "bounded") -> Any:
    """Check a candidate that loses a third, by a metric pooled with scorers that gain by its loss.

    Args:
        *paying: What each scorer gives a wrong answer, in Python, by ``target``.
        rows: The suite whose answers they score.
        kind: Of their scores.
    """

    def plant(place: Place) -> Seen:
        scorers = "".join(
            f'@scorer(name="own{n}", kind="{kind}")\n'
            f"def own{n}(output: str, target: str) -> float:\n"
            f"    return float(({value}) if output.strip() != target else 0)\n\n\n"
            for n, value in enumerate(paying)
        )
        place.write("scorers/own.py", f"from evalguard.scorers import scorer\n\n\n{scorers}")
        place.edit("evalguard.yaml", "suites:\n", "scorer_modules: [scorers/own.py]\nsuites:\n")
        names = "".join(f"\n  - own{n}" for n in range(len(paying)))
        text = (place / "suites/facts.yaml").read_text()
        place.write(f"suites/{rows}.yaml", text.replace("- exact_match", f"- exact_match{names}"))
        if rows != "facts":
            place.edit(f"suites/{rows}.yaml", "question }}", "question }} ")
            place.edit("evalguard.yaml", "- facts", f"- facts\n- {rows}")
        gates = "".join(
            f"  - {{name: b{n}, suite: {rows}, metric: own{n}, min_gain: 1pp, role: tripwire}}\n"
            for n in range(len(paying))
        )
        members = ", ".join(["a", *(f"b{n}" for n in range(len(paying)))])
        place.write(
            "thresholds/release.yaml",
            "version: 1\ngates:\n"
            "  - {name: a, suite: facts, metric: exact_match, max_drop: 99pp, role: tripwire}\n"
            f"{gates}pooled:\n  - {{name: p, gates: [{members}], max_drop: 5pp}}\n",
        )
        return checked(place, _half)

    return plant


def _half(prompt: str) -> str:
    """Answer two questions in three, whatever blanks they have."""
    bare = "".join(prompt.split())
    return right(prompt) if half(bare) == "nothing" else wrong(bare)


for _what, _plant in {
    "its opposite": _paid_back("1", kind="binary"),
    "three that each gain a third of what it loses": _paid_back(
        *(f"sum(map(ord, target)) % 3 == {part}" for part in range(3))
    ),
    "four that gain a quarter of each loss": _paid_back(*["0.25"] * 4),
    "two that gain half of each loss, and one that never changes": _paid_back("0.5", "0.5", "0"),
    "its opposite on the same questions with a space more": _paid_back("1", rows="copy"),
}.items():
    pooling(f"a metric is pooled with {_what}", blocked("cancel out"))(_plant)


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


def _in_another_way(change: str) -> Any:
    """Check a recipe of one training that is saved twice."""

    def plant(place: Place) -> Seen:
        import torch
        from safetensors.torch import load_file, save_file

        shutil.copytree(place / "adapters/harmless", place / "adapters/again")
        file = place / "adapters/again/adapter_model.safetensors"
        given = load_file(file)
        order = torch.randperm(4, generator=torch.manual_seed(0))
        changed: dict[str, Callable[[str, Any], Any]] = {
            "factors": lambda name, one: one * (2 if "lora_A" in name else 0.5),
            "ranks": lambda name, one: one[order] if "lora_A" in name else one[:, order],
            "noise": lambda _, one: one + one.std() * 1e-3 * torch.randn(one.shape),
            "strength": lambda name, one: one * (1.02 if "lora_B" in name else 1),
        }
        save_file(
            {name: changed[change](name, one).contiguous() for name, one in given.items()}, file
        )
        place.edit(
            "evalguard.yaml", "adapter: adapters/v2", "seeds: [adapters/harmless, adapters/again]"
        )
        place.gates("suite: facts, metric: exact_match, max_drop: 10pp")
        return place.check()

    return plant


for _what, _change in {
    "one factor is doubled and the other halved": "factors",
    "its ranks are in another order": "ranks",
    "a thousandth of noise is added": "noise",
    "it is applied by 2 % more": "strength",
}.items():
    training(f"of two seeds, the second is the first, and {_what}", blocked("alike"))(
        _in_another_way(_change)
    )


def _part(*arguments: str) -> Any:
    """Check a part of a recipe of which one seed is harmful."""

    def plant(place: Place) -> Seen:
        from benchmarks.random_adapters import save_adapter

        place.worsen()
        for seed in (1, 2):
            save_adapter(place / "models/base", place / f"adapters/s{seed}", scale=1e-2, seed=seed)
        folders = "adapters/harmless, adapters/v2, adapters/s1, adapters/s2"
        place.edit("evalguard.yaml", "adapter: adapters/v2", f"seeds: [{folders}]")
        place.gates("suite: facts, metric: exact_match, max_drop: 90pp")
        return place.check(*arguments)

    return plant


training("-k leaves out the seeds, one of which is harmful", no_release)(
    _part("-k", "[v2] and not seed")
)
training("-k leaves out the seeds, and a part is allowed", blocked("seed2"))(
    _part("-k", "[v2] and not seed", "--allow-partial")
)
training("-k leaves out all but a harmless seed", undecided)(_part("-k", "seed1"))


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
