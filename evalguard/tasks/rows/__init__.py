"""The rows of data files: test sets, labels and training data are read the same way.

What a file holds decides how it is read, not its name: an array in ``.jsonl`` and JSON lines in
``.json`` are both read. A broken file is refused whole: a test set that silently lost rows would
measure something else than the one it is compared with. The parts:

- ``opening``: what kind of file it is; ``compression``: its bytes without it;
- ``decoding``: bytes to text;
- ``json_text``: JSON lines and documents; ``json_shapes`` and ``json_tables``: where the rows are;
- ``delimited``: CSV and TSV;
- ``columnar``: Parquet and Arrow;
- ``reading``: picks among them;
- ``causes``: one message for one cause.
"""

from evalguard.tasks.rows.causes import MAX_PROBLEMS, Cause, Causes
from evalguard.tasks.rows.compression import COMPRESSIONS
from evalguard.tasks.rows.opening import SUFFIXES, data_suffix
from evalguard.tasks.rows.reading import ID_COLUMN, parse_rows, read_rows
from evalguard.tasks.rows.row import BrokenRow, Row, Struct, kind_of

__all__ = [
    "COMPRESSIONS",
    "ID_COLUMN",
    "MAX_PROBLEMS",
    "SUFFIXES",
    "BrokenRow",
    "Cause",
    "Causes",
    "Row",
    "Struct",
    "data_suffix",
    "kind_of",
    "parse_rows",
    "read_rows",
]
