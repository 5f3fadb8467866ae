"""Frames, series, indexes and times of pandas, taken apart into arrays and put together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Inner = Callable[[Any], Any]


def _column(array: Any, inner: Inner) -> list[Any]:
    """Return the values of a column or an index, which may have a type of pandas' own."""
    import numpy as np
    import pandas as pd

    if isinstance(array, pd.arrays.NumpyExtensionArray) or isinstance(array.dtype, np.dtype):
        return ["numpy", inner(np.asarray(array))]
    if isinstance(array, pd.Categorical):
        return ["category", array.codes.tolist(), inner(array.categories), bool(array.ordered)]
    if isinstance(array.dtype, pd.DatetimeTZDtype):
        times = array.tz_convert("UTC").tz_localize(None)
        return ["times", inner(np.asarray(times)), str(array.dtype)]
    items = [None if pd.isna(one) else one for one in array]
    return ["items", inner(items), str(array.dtype)]


def _column_of(content: Any, inner: Inner) -> Any:
    import pandas as pd

    kind, values = content[0], inner(content[1])
    if kind == "numpy":
        return values
    if kind == "category":
        return pd.Categorical.from_codes(values, inner(content[2]), ordered=content[3])
    if kind == "times":
        times = pd.Series(values).dt.tz_localize("UTC")
        return times.astype(str(content[2])).array
    return pd.array([pd.NA if one is None else one for one in values], dtype=str(content[2]))


def _index(value: Any, inner: Inner) -> list[Any]:
    import pandas as pd

    if isinstance(value, pd.RangeIndex):
        return ["range", [value.start, value.stop, value.step], inner(value.name)]
    if isinstance(value, pd.MultiIndex):
        return ["multi", inner(value.tolist()), inner(list(value.names))]
    freq = getattr(value, "freqstr", None)
    return ["index", _column(value.array, inner), inner(value.name), freq]


def _index_of(content: Any, inner: Inner) -> Any:
    import pandas as pd

    if content[0] == "range":
        return pd.RangeIndex(*content[1], name=inner(content[2]))
    if content[0] == "multi":
        return pd.MultiIndex.from_tuples(inner(content[1]), names=inner(content[2]))
    found = pd.Index(_column_of(content[1], inner), name=inner(content[2]))
    if content[3] is not None:
        found.freq = str(content[3])
    return found


def _series(value: Any, inner: Inner) -> list[Any]:
    return [_index(value.index, inner), _column(value.array, inner), inner(value.name)]


def _series_of(content: Any, inner: Inner) -> Any:
    import pandas as pd

    index, column, name = content
    return pd.Series(_column_of(column, inner), index=_index_of(index, inner), name=inner(name))


def _frame(value: Any, inner: Inner) -> list[Any]:
    columns = [_column(value.iloc[:, n].array, inner) for n in range(value.shape[1])]
    return [_index(value.index, inner), _index(value.columns, inner), columns]


def _frame_of(content: Any, inner: Inner) -> Any:
    import pandas as pd

    index, names, columns = content
    found = pd.DataFrame(
        {n: _column_of(one, inner) for n, one in enumerate(columns)}, index=_index_of(index, inner)
    )
    found.columns = _index_of(names, inner)
    return found


def _moment(value: Any, _: Inner) -> list[Any]:
    zone = getattr(value, "tz", None)
    return [value.value, value.unit, None if zone is None else str(zone)]


def _timestamp_of(content: Any, _: Inner) -> Any:
    import pandas as pd

    value, unit, zone = content
    return pd.Timestamp(int(value), tz=zone).as_unit(str(unit))


def _timedelta_of(content: Any, _: Inner) -> Any:
    import pandas as pd

    return pd.Timedelta(int(content[0])).as_unit(str(content[1]))


def _of_pandas(name: str) -> Callable[[Any, Inner], Any]:
    def decoded(_: Any, __: Inner) -> Any:
        import pandas as pd

        return getattr(pd, name)

    return decoded


KINDS: tuple[tuple[str, str, Callable[[Any, Inner], Any], Callable[[Any, Inner], Any]], ...] = (
    ("pandas", "DataFrame", _frame, _frame_of),
    ("pandas", "Series", _series, _series_of),
    ("pandas", "Index", _index, _index_of),
    ("pandas", "Categorical", _column, _column_of),
    ("pandas._libs.tslibs.nattype", "NaTType", lambda *_: 0, _of_pandas("NaT")),
    ("pandas._libs.missing", "NAType", lambda *_: 0, _of_pandas("NA")),
    ("pandas", "Timestamp", _moment, _timestamp_of),
    ("pandas", "Timedelta", _moment, _timedelta_of),
)
"""See :data:`evalguard.scorers.sandbox.inside.libraries.KINDS`."""
