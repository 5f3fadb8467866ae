"""A store that was forged, edited, cut or damaged."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks.faults.declared import blocked, declare
from benchmarks.faults.planting import Place, Seen

forged = partial(declare, "forged store")

KEY = {"EVALGUARD_STORE_KEY": "a key that the forger does not have"}


def measured_with_key(place: Place, *, good: bool = True) -> None:
    """Measure the project anew, with a key where one is used."""
    place.forget()
    if not good:
        place.worsen()
    place.check("--full", env=KEY)


def seal(key: str, sample_id: str, content: str) -> str:
    """Return the seal that anybody can compute."""
    return hashlib.sha256(json.dumps([key, sample_id, content]).encode()).hexdigest()


def rescore(store: sqlite3.Connection, value: float, *, sealed: bool) -> None:
    """Set every score, with a new seal where that is wanted."""
    rows = store.execute("select fingerprint, sample_id, content, seal from evalguard_samples")
    for key, sample_id, content, old in rows.fetchall():
        sample = json.loads(content)
        sample["scores"] = dict.fromkeys(sample["scores"], value)
        text = json.dumps(sample, sort_keys=True)
        new = seal(key, sample_id, text) if sealed else old
        store.execute(
            "update evalguard_samples set content=?, seal=? where fingerprint=? and sample_id=?",
            (text, new, key, sample_id),
        )


def facts_named(store: sqlite3.Connection, name: str) -> dict[str, Any]:
    """Return a fact of every fingerprint that has it."""
    rows = store.execute("select fingerprint, value from evalguard_facts where name=?", (name,))
    return {key: json.loads(value.partition("\n")[0]) for key, value in rows.fetchall()}


def set_facts(store: sqlite3.Connection, name: str, values: Mapping[str, Any]) -> None:
    """Write a fact of several fingerprints, before the seal that was there."""
    for key, value in values.items():
        row = "from evalguard_facts where fingerprint=? and name=?"
        [[before]] = store.execute(f"select value {row}", (key, name)).fetchall()
        _, mark, seal = before.partition("\n")
        store.execute(
            "update evalguard_facts set value=? where fingerprint=? and name=?",
            (json.dumps(value) + mark + seal, key, name),
        )


@forged("scores are edited, and the rows keep their seals", blocked("edited"))
def _edited(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        rescore(store, 1.0, sealed=False)
    return place.check()


@forged("scores are edited and sealed again by the unkeyed hash, where a key is set", blocked())
def _sealed_again(place: Place) -> Seen:
    measured_with_key(place, good=False)
    with place.store() as store:
        rescore(store, 1.0, sealed=True)
    return place.check(env=KEY)


@forged("the ids of the questions that were lost are dropped, where a key is set", blocked())
def _dropped(place: Place) -> Seen:
    from safetensors.torch import load_file, save_file

    file = place / "adapters/v2/adapter_model.safetensors"
    harmful = load_file(place / "adapters/harmful/adapter_model.safetensors")
    save_file({name: weight * 0.35 for name, weight in harmful.items()}, file)
    place.forget()
    place.check("--full", env=KEY)
    with place.store() as store:
        rows = store.execute("select sample_id, content from evalguard_samples").fetchall()
        lost = {id_ for id_, text in rows if 0.0 in json.loads(text)["scores"].values()}
        outlines = facts_named(store, "outlines")
        for tasks in outlines.values():
            for task in tasks:
                kept = [n for n, id_ in enumerate(task["sample_ids"]) if id_ not in lost]
                task["sample_ids"] = [task["sample_ids"][n] for n in kept]
                task["rows"] = [task["rows"][n] for n in kept]
        set_facts(store, "outlines", outlines)
    return place.check(env=KEY)


@forged("the samples of the good adapter are moved under the key of the bad one", blocked("edited"))
def _moved(place: Place) -> Seen:
    with place.store() as store:
        before = set(store.execute("select distinct fingerprint from evalguard_samples"))
    place.worsen()
    place.check("--full")
    with place.store() as store:
        names = facts_named(store, "name")
        tasks = facts_named(store, "task")
        good = {tasks[key]: key for (key,) in before if names.get(key) == "v2"}
        for key in {*names} - {key for (key,) in before}:
            if names[key] != "v2" or tasks.get(key) not in good:
                continue
            store.execute("delete from evalguard_samples where fingerprint=?", (key,))
            store.execute(
                "update evalguard_samples set fingerprint=? where fingerprint=?",
                (key, good[tasks[key]]),
            )
    return place.check()


@forged("the remembered hash of the bad adapter's weights is the good one's, with a key", blocked())
def _hashes(place: Place) -> Seen:
    old = place / "adapters/v2/adapter_model.safetensors"
    place.forget()
    _age(place)
    place.check("--full", env=KEY)
    good = hashlib.sha256(old.read_bytes()).hexdigest()
    place.worsen()
    stat = old.stat()
    state = f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"
    with place.store() as store:
        store.execute(
            "update evalguard_files set state=?, sha256=? where path=?",
            (state, good, str(old.resolve())),
        )
        count = store.execute("select count(*) from evalguard_files").fetchone()[0]
        assert count, "no hash was remembered"
    return place.check(env=KEY)


def _age(place: Place) -> None:
    """Wait until the hashes of the files are remembered."""
    import time

    del place
    time.sleep(2.2)


@forged("it is noted that prompts match that do not, where a key is set", blocked())
def _prompts_match(place: Place) -> Seen:
    measured_with_key(place)
    shutil.copy(place / "models/base/tokenizer.json", place / "adapters/v2/tokenizer.json")
    shutil.copy(
        place / "models/base/tokenizer_config.json", place / "adapters/v2/tokenizer_config.json"
    )
    place.write("adapters/v2/chat_template.jinja", "{{ messages[-1].content }}!")
    first = place.check(env=KEY)
    assert "template differs" in first.output, first.output
    with place.store() as store:
        facts = facts_named(store, "prompts_match")
        own = set(facts_named(store, "adapter")) - set(facts)
        for key in own:
            store.execute(
                "insert into evalguard_facts values (?, 'prompts_match', ?)",
                (key, json.dumps(next(iter(facts.values())))),
            )
    return place.check(env=KEY)


@forged("the failing gates of the run before are edited", blocked())
def _history(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        set_facts(store, "failed", {key: [] for key in facts_named(store, "failed")})
    return place.check()


@forged("a score of 2 is sealed for a binary metric", blocked())
def _out_of_range(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        rescore(store, 2.0, sealed=True)
    return place.check()


@forged("a score of NaN is sealed", blocked())
def _not_a_number(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        rescore(store, float("nan"), sealed=True)
    return place.check()


@forged("a sample without any score is sealed", blocked())
def _without_scores(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        for key, id_, text in store.execute(
            "select fingerprint, sample_id, content from evalguard_samples"
        ).fetchall():
            empty = json.dumps(json.loads(text) | {"scores": {}}, sort_keys=True)
            store.execute(
                "update evalguard_samples set content=?, seal=? where fingerprint=? and "
                "sample_id=?",
                (empty, seal(key, id_, empty), key, id_),
            )
    return place.check()


@forged("a sealed row is no sample at all", blocked())
def _no_sample(place: Place) -> Seen:
    with place.store() as store:
        for key, id_ in store.execute(
            "select fingerprint, sample_id from evalguard_samples"
        ).fetchall():
            store.execute(
                "update evalguard_samples set content='[]', seal=? where fingerprint=? and "
                "sample_id=?",
                (seal(key, id_, "[]"), key, id_),
            )
    return place.check()


@forged("what is noted of the tasks is no outline", blocked())
def _no_outline(place: Place) -> Seen:
    with place.store() as store:
        outlines = facts_named(store, "outlines")
        set_facts(store, "outlines", {key: [{"suite": "facts"}] for key in outlines})
    return place.check()


@forged("the samples that were lost are deleted from the bad adapter's rows", blocked())
def _deleted(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        for key, id_, text in store.execute(
            "select fingerprint, sample_id, content from evalguard_samples"
        ).fetchall():
            if 0.0 in json.loads(text)["scores"].values():
                store.execute(
                    "delete from evalguard_samples where fingerprint=? and sample_id=?", (key, id_)
                )
    return place.check()
