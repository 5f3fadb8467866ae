"""Parquet and Arrow, under any of their names."""

import pyarrow
import pytest
from pyarrow import feather, ipc, parquet

ROWS = [{"q": f"Größe {i}", "n": i, "parts": [{"k": "v"}] * (i % 3)} for i in range(2500)]
TABLE = pyarrow.Table.from_pylist(ROWS)


def arrow_file(path):
    with ipc.new_file(path, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=700)


def arrow_stream(path):
    with ipc.new_stream(path, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=700)


WRITERS = {
    "parquet": lambda path: parquet.write_table(TABLE, path),
    "file": arrow_file,
    "stream": arrow_stream,
    "feather": lambda path: feather.write_feather(TABLE, path, compression="zstd"),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", ["a.arrow", "a.feather", "a.parquet", "a.jsonl"])
def test_columnar_files_are_told_by_their_bytes(read, tmp_path, kind, name):
    if kind == "stream" and name in ("a.parquet", "a.jsonl"):
        pytest.skip("a stream begins with no mark")
    WRITERS[kind](str(tmp_path / "written"))
    assert read(name, (tmp_path / "written").read_bytes()) == list(enumerate(ROWS, start=1))


def test_a_folder_that_datasets_saved_names_its_file(tmp_path):
    datasets = pytest.importorskip("datasets")
    from evalguard.errors import DataError
    from evalguard.tasks.rows import read_rows

    datasets.Dataset.from_list(ROWS[:5]).save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(DataError, match=r"It holds data-00000-of-00001\.arrow"):
        read_rows(tmp_path / "saved")
    rows = read_rows(tmp_path / "saved" / "data-00000-of-00001.arrow")
    assert [row.data for row in rows] == ROWS[:5]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_cut_short_is_one_error(refused, tmp_path, kind):
    WRITERS[kind](str(tmp_path / "written"))
    content = (tmp_path / "written").read_bytes()
    name = "a.parquet" if kind == "parquet" else "a.arrow"
    for end in (len(content) - 8, len(content) - 9, len(content) // 2):
        message = refused(name, content[:end])
        assert message.startswith(f"{name}: not a readable ")


def test_columns_of_one_name_are_refused(refused, tmp_path):
    table = pyarrow.table([pyarrow.array(["x"]), pyarrow.array(["y"])], names=["a", "a"])
    with ipc.new_file(str(tmp_path / "w"), table.schema) as writer:
        writer.write_table(table)
    assert "two columns share a name" in refused("a.arrow", (tmp_path / "w").read_bytes())


def in_parquet(folder, values):
    parquet.write_table(pyarrow.table({"m": values}), folder / "written")
    return (folder / "written").read_bytes()


def test_a_map_is_an_object(read, tmp_path):
    """Spark writes messages as maps, which Arrow gives as pairs."""
    kind = pyarrow.list_(pyarrow.map_(pyarrow.string(), pyarrow.string()))
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    values = pyarrow.array([[list(one.items()) for one in messages]], kind)
    assert read("a.parquet", in_parquet(tmp_path, values)) == [(1, {"m": messages})]


def test_a_map_that_gives_a_key_twice_is_refused(refused, tmp_path):
    kind = pyarrow.map_(pyarrow.string(), pyarrow.string())
    values = pyarrow.array([[("a", "1")], [("role", "user"), ("role", "system")]], kind)
    message = refused("a.parquet", in_parquet(tmp_path, values))
    assert message.startswith("a.parquet: a map has a duplicate key")
