"""What somebody who can write a store may do to its rows."""

from random import Random

import sqlalchemy as sa

from evalguard.store.tables import facts, files, samples


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
