"""Compressed files are told by their bytes, and a damaged one is one error."""

import bz2
import gzip
import io
import json
import lzma
import sys
from collections.abc import Callable

import pyarrow
import pytest
from pyarrow import parquet

from evalguard.errors import PrerequisiteError
from evalguard.tasks.rows import COMPRESSIONS, read_rows

ROWS = [{"q": f"Größe {i}", "a": "x" * (i % 50)} for i in range(3000)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def zstd(data):
    return pyarrow.Codec("zstd").compress(data, asbytes=True)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


def test_every_compression_is_tested():
    assert set(COMPRESS) == set(COMPRESSIONS)


@pytest.mark.parametrize("suffix", COMPRESS)
class TestEach:
    @pytest.mark.parametrize("inner", [".jsonl", ".json", ".csv", ".tsv", ".parquet"])
    def test_is_read_under_its_name_and_without(self, read, suffix, inner):
        content = LINES
        if inner == ".parquet":
            sink = io.BytesIO()
            parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink)
            content = sink.getvalue()
        elif inner in (".csv", ".tsv"):
            separator = "\t" if inner == ".tsv" else ","
            lines = ["q,a", *(f"{row['q']},{row['a']}" for row in ROWS)]
            content = "\n".join(lines).replace(",", separator).encode()
        packed = COMPRESS[suffix](content)
        for name in (f"a{inner}{suffix}", f"b{inner.upper()}{suffix.upper()}", f"c{inner}"):
            assert [row for _, row in read(name, packed)] == ROWS, name

    def test_parts_one_after_the_other_are_all_read(self, read, suffix):
        half = LINES.index(b"\n", len(LINES) // 2) + 1
        packed = COMPRESS[suffix](LINES[:half]) + COMPRESS[suffix](LINES[half:])
        assert [row for _, row in read(f"a.jsonl{suffix}", packed)] == ROWS

    def test_a_file_cut_anywhere_is_one_error(self, refused, suffix):
        packed = COMPRESS[suffix](LINES)
        for end in (len(packed) - 1, len(packed) - 5, len(packed) // 2, 12):
            message = refused(f"a.jsonl{suffix}", packed[:end])
            assert "damaged or cut short" in message, end
            assert "\n" not in message

    def test_what_follows_the_end_is_not_ignored(self, refused, suffix):
        message = refused(f"a.jsonl{suffix}", COMPRESS[suffix](LINES) + b"and more")
        assert "damaged or cut short" in message

    def test_damage_in_the_middle_is_seen(self, refused, suffix):
        packed = bytearray(COMPRESS[suffix](LINES))
        packed[len(packed) // 2] ^= 0xFF
        assert "a.jsonl" in refused(f"a.jsonl{suffix}", bytes(packed))

    def test_text_under_that_name_is_read(self, read, suffix):
        assert [row for _, row in read(f"a.jsonl{suffix}", LINES)] == ROWS

    def test_nothing_and_twice(self, refused, suffix):
        assert "is empty" in refused(f"a.jsonl{suffix}", COMPRESS[suffix](b""))
        twice = COMPRESS[suffix](COMPRESS[suffix](LINES))
        assert "is compressed twice" in refused(f"a.jsonl{suffix}", twice)


def test_padding_of_zero_bytes_is_no_damage(read):
    assert [row for _, row in read("a.jsonl.gz", gzip.compress(LINES) + b"\0" * 512)] == ROWS


def test_zstd_without_pyarrow_names_the_install_line(tmp_path, monkeypatch):
    (tmp_path / "a.jsonl.zst").write_bytes(zstd(LINES))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PrerequisiteError, match=r"pip install 'evalguard\[models\]'"):
        read_rows(tmp_path / "a.jsonl.zst")
