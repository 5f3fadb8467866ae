"""What somebody who can write a store may do to its rows."""

from pathlib import Path
from random import Random

import sqlalchemy as sa

from evalguard.store.seals import Seals
from evalguard.store.tables import KEPT, facts, files, samples


def clear(url: str) -> None:
    """Remove every row of a store, where there is one."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).is_file():
        return
    with engine.begin() as connection:
        for table in (samples, facts, files):
            if sa.inspect(connection).has_table(table.name):
                connection.execute(sa.delete(table))


def forget_decisions(path: Path) -> None:
    """Remove what was asked of candidates and decided on them, which outlives their samples."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        kept = sa.or_(*(facts.c.name.startswith(name) for name in KEPT))
        connection.execute(sa.delete(facts).where(kept))


def forge_facts(path: Path, name: str, value: str) -> int:
    """Give every fact of a name a value, with the seal that anybody can compute without a key.

    Returns:
        How many there are.
    """
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        keys = connection.scalars(sa.select(facts.c.fingerprint).filter_by(name=name)).all()
        for key in keys:
            sealed = Seals(None).close(value, facts.name, key, name)
            own = sa.update(facts).filter_by(fingerprint=key, name=name)
            connection.execute(own.values(value=sealed))
    return len(keys)


def tamper(url: str, rng: Random) -> None:
    """Remove, edit, truncate, swap or duplicate something in a row of a table."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        table = rng.choice([samples, facts, files])
        rows = [dict(row._mapping) for row in connection.execute(sa.select(table))]
        if not rows:
            return
        row, other = rng.choice(rows), rng.choice(rows)
        column = rng.choice(sorted(row))
        value = row[column]
        place = rng.randint(0, len(value))
        edited = value[:place] + rng.choice("01a") + value[place + 1 :]
        new = rng.choice([other[column], value[:place], edited, value * 2])
        how = rng.choice(["remove", "change", "duplicate"])
        left = [one for one in rows if one is not row or how == "duplicate"]
        left += [] if how == "remove" else [row | {column: new}]
        names = [one.name for one in table.primary_key.columns]
        unique = {tuple(one[name] for name in names): one for one in left}
        connection.execute(sa.delete(table))
        if unique:
            connection.execute(sa.insert(table), list(unique.values()))
