"""A store that was cut, damaged, or is none."""

from __future__ import annotations

import os
from functools import partial

from benchmarks.faults.declared import blocked, declare
from benchmarks.faults.planting import Place, Seen

damaged = partial(declare, "damaged store")


@damaged("the store is cut in the middle", blocked("store"))
def _cut(place: Place) -> Seen:
    file = place / ".evalguard/store.db"
    os.truncate(file, file.stat().st_size // 2)
    return place.check()


@damaged("a page of the store is overwritten by zeros", blocked("store", "edited"))
def _zeros(place: Place) -> Seen:
    file = place / ".evalguard/store.db"
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(bytes(file.stat().st_size - 8192))
    return place.check()


@damaged("the store is a text file", blocked("store"))
def _text(place: Place) -> Seen:
    place.forget()
    place.write(".evalguard/store.db", "not a database, but long enough to be taken for one" * 99)
    return place.check()


@damaged("the store is a folder", blocked("store"))
def _folder(place: Place) -> Seen:
    place.forget()
    (place / ".evalguard/store.db").mkdir(parents=True)
    return place.check()


@damaged("the store is a FIFO", blocked("store"))
def _fifo(place: Place) -> Seen:
    place.forget()
    (place / ".evalguard").mkdir()
    os.mkfifo(place / ".evalguard/store.db")
    return place.check(seconds=45)


@damaged("the store is of another version", blocked("format"))
def _version(place: Place) -> Seen:
    with place.store() as store:
        store.execute("update evalguard_meta set value='0.9' where key='version'")
    return place.check()


@damaged("the store is the database of another program", blocked("another program"))
def _other(place: Place) -> Seen:
    place.forget()
    (place / ".evalguard").mkdir()
    with place.store() as store:
        store.execute("create table orders (id integer)")
    return place.check()


@damaged("a table of the store is gone", blocked("store"))
def _table(place: Place) -> Seen:
    with place.store() as store:
        store.execute("drop table evalguard_facts")
    return place.check()


@damaged("a table of the store lacks a column", blocked("store"))
def _column(place: Place) -> Seen:
    with place.store() as store:
        store.execute("alter table evalguard_samples rename column seal to stamp")
    return place.check()


@damaged("a fact of the store is broken JSON", blocked("store"))
def _fact(place: Place) -> Seen:
    with place.store() as store:
        store.execute("update evalguard_facts set value='{' where name='outlines'")
    return place.check()
