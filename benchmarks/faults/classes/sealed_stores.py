"""A store with a key, in the hands of somebody who does not have it."""

from __future__ import annotations

from functools import partial

from benchmarks.faults.classes.own_reads import own_scorer
from benchmarks.faults.classes.stores import KEY, facts_named, measured_with_key, rescore, set_facts
from benchmarks.faults.declared import anew, blocked, declare
from benchmarks.faults.planting import Place, Seen

sealed = partial(declare, "sealed store")

OTHER = {"EVALGUARD_STORE_KEY": "a key of the forger's own, as long as the right one"}


@sealed("a store without seals says that the harmful adapter is right", blocked("1"))
def _without(place: Place) -> Seen:
    place.worsen()
    place.check("--full")
    with place.store() as store:
        rescore(store, 1.0, sealed=True)
    return place.check(env=KEY)


@sealed("the samples of the harmful adapter are sealed with another key", blocked())
def _other_key(place: Place) -> Seen:
    from evalguard.store.seals import Seals

    measured_with_key(place, good=False)
    seals = Seals(OTHER["EVALGUARD_STORE_KEY"])
    with place.store() as store:
        rescore(store, 1.0, sealed=False)
        for key, id_, text in store.execute(
            "select fingerprint, sample_id, content from evalguard_samples"
        ).fetchall():
            store.execute(
                "update evalguard_samples set seal=? where fingerprint=? and sample_id=?",
                (seals.seal("evalguard_samples", key, id_, text), key, id_),
            )
    return place.check(env=KEY)


@sealed("the key was changed", anew("v2"))
def _rotated(place: Place) -> Seen:
    measured_with_key(place)
    return place.check(env=OTHER)


@sealed("the key is not set any more", anew("v2"))
def _unset(place: Place) -> Seen:
    measured_with_key(place)
    return place.check()


@sealed("the key is as short as a password", blocked("at least 16"))
def _short(place: Place) -> Seen:
    return place.check(env={"EVALGUARD_STORE_KEY": "secret"})


@sealed("right samples stand in the place of those that were lost", blocked())
def _copied(place: Place) -> Seen:
    measured_with_key(place, good=False)
    with place.store() as store:
        right = "content like '%: 1.0%'"
        for (key,) in store.execute(
            "select distinct fingerprint from evalguard_samples"
        ).fetchall():
            row = f"from evalguard_samples where fingerprint=? and {right} limit 1"
            for content, seal in store.execute(f"select content, seal {row}", (key,)).fetchall():
                store.execute(
                    "update evalguard_samples set content=?, seal=? where fingerprint=?",
                    (content, seal, key),
                )
    return place.check(env=KEY)


@sealed("the baseline's samples are moved to the harmful adapter", blocked())
def _moved(place: Place) -> Seen:
    measured_with_key(place, good=False)
    with place.store() as store:
        names, tasks = facts_named(store, "name"), facts_named(store, "task")
        for key, name in names.items():
            [own] = [one for one in names if tasks[one] == tasks[key] and names[one] == "baseline"]
            if name != "baseline":
                store.execute("delete from evalguard_samples where fingerprint=?", (key,))
                store.execute(
                    "insert into evalguard_samples select ?, sample_id, content, seal, created "
                    "from evalguard_samples where fingerprint=?",
                    (key, own),
                )
    return place.check(env=KEY)


@sealed("it is noted that the harmful adapter gave the baseline's answers", blocked())
def _answers(place: Place) -> Seen:
    measured_with_key(place, good=False)
    with place.store() as store:
        names, answers = facts_named(store, "name"), facts_named(store, "answers")
        harmful = next(answers[key] for key, name in names.items() if name == "v2")
        set_facts(store, "answers", {key: harmful for key, name in names.items() if name != "v2"})
        store.execute(
            "delete from evalguard_samples where fingerprint in "
            "(select fingerprint from evalguard_facts where name='name' and value like '%v2%')"
        )
    place.edit("suites/facts.yaml", "- exact_match", "- contains")
    place.gates("suite: facts, metric: contains, max_drop: 10pp")
    return place.check(env=KEY)


@sealed("the plan of one task is put in the place of another's", blocked())
def _plans(place: Place) -> Seen:
    measured_with_key(place, good=False)
    with place.store() as store:
        rows = store.execute(
            "select fingerprint, value from evalguard_facts where name='outlines'"
        ).fetchall()
        for (key, _), (_, value) in zip(rows, rows[1:] + rows[:1], strict=True):
            store.execute(
                "update evalguard_facts set value=? where fingerprint=? and name='outlines'",
                (value, key),
            )
    return place.check(env=KEY)


@sealed("what a scorer reads is dropped from the store", blocked())
def _reads(place: Place) -> Seen:
    place.write("words.txt", "yes")
    own_scorer(place, value="open('words.txt').read() == 'yes'")
    measured_with_key(place)
    place.write("words.txt", "no")
    with place.store() as store:
        store.execute("delete from evalguard_facts where name='reads'")
    return place.check(env=KEY)


@sealed("every row but the right samples is deleted", blocked())
def _deleted(place: Place) -> Seen:
    measured_with_key(place, good=False)
    with place.store() as store:
        store.execute("delete from evalguard_facts")
        store.execute("delete from evalguard_files")
        store.execute("delete from evalguard_samples where content like '%: 0.0%'")
    return place.check(env=KEY)


@sealed("the hash of the right weights is moved to the harmful ones", blocked())
def _hashes(place: Place) -> Seen:
    import time

    place.forget()
    time.sleep(2.2)
    place.check("--full", env=KEY)
    weights = place / "adapters/v2/adapter_model.safetensors"
    place.worsen()
    found = weights.stat()
    state = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
    with place.store() as store:
        store.execute(
            "update evalguard_files set state=? where path=?", (state, str(weights.resolve()))
        )
    return place.check(env=KEY)
