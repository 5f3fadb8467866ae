"""What is no data says what it is and what to do, in one line."""

import os
import re
import shlex
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evalguard.errors import DataError
from evalguard.tasks.row_config import Rows
from evalguard.tasks.rows import COMPRESSIONS, SUFFIXES, data_suffix, read_rows

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 123456\n"
DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet", "a.jsonl.gz"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LFS, "is a Git LFS pointer to 123,456 bytes, not the data. Fetch it: git lfs pull"),
        (
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>",
            'web page or XML ("Sign in")',
        ),
        ("\n <html>\n<body>404", "is a web page or XML, not the data"),
        ("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page or XML"),
        ("", "is empty"),
        (b"\0" * 5000, "begins with zero bytes only"),
        (b"PK\x03\x04\x14\0rest", "ZIP archive or an Excel workbook"),
        (b"\x80\x04\x95\x0b\0", "is a Python pickle"),
        (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "Name that file, without ._"),
        ("/annex/objects/SHA256E-s5--ab.jsonl\n", "git annex get"),
        (b"a.jsonl".ljust(257, b"\0") + b"ustar  \0" + b"\0" * 300, "is a tar archive"),
    ],
)
def test_what_is_no_data_is_one_line(refused, name, content, message):
    found = refused(name, content)
    assert found.startswith(f"{name}: ")
    assert message in found
    assert "\n" not in found


def test_real_files_of_other_programs(refused, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.jsonl", "{}")
    assert "Unpack it" in refused("b.jsonl", (tmp_path / "a.zip").read_bytes())
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("create table t (a)")
    connection.commit()
    connection.close()
    assert "SQLite database" in refused("b.csv", (tmp_path / "a.db").read_bytes())


def test_folders_and_links_that_lead_nowhere(tmp_path):
    folder = tmp_path / "set.jsonl"
    folder.mkdir()
    with pytest.raises(DataError, match=r"is a folder; .* It holds no \.jsonl"):
        read_rows(folder)
    (folder / "train.jsonl.gz").write_text("")
    (folder / "dataset_info.md").write_text("")
    with pytest.raises(DataError, match=r"is a folder; .* It holds train\.jsonl\.gz\.$"):
        read_rows(folder)
    for name, target in (("a.jsonl", "gone.jsonl"), ("b.jsonl", ".git/annex/objects/x/y.jsonl")):
        (tmp_path / name).symlink_to(target)
        hint = "git annex get" if "annex" in target else "Correct it"
        with pytest.raises(DataError, match=rf"symbolic link to {re.escape(target)},.*{hint}"):
            read_rows(tmp_path / name)


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "store").write_text('{"a": "b"}\n')
    (tmp_path / "a.jsonl").symlink_to("store")
    assert [row.data for row in read_rows(tmp_path / "a.jsonl")] == [{"a": "b"}]


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(DataError, match="not a regular file"):
        read_rows(tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["a.txt", "a.xlsx", "a.gz", "a", "a.txt.gz", "a.jsonl.zip"])
def test_another_suffix_gets_the_list(refused, name):
    message = refused(name, "x")
    assert all(suffix in message for suffix in (*SUFFIXES, *COMPRESSIONS))


@pytest.mark.parametrize(("place", "rows"), [(1, ["one", "two"]), (2, ["one\n\ntwo\n"])])
def test_the_lines_shown_for_raw_text_make_rows_of_it(refused, tmp_path, place, rows):
    message = refused("a text.txt", "one\n\ntwo\n")
    line = message.splitlines()[place].partition(": ")[2]
    command = line.replace("python -c", f"{shlex.quote(sys.executable)} -c", 1)
    subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)
    assert [row.data["text"] for row in read_rows(tmp_path / "a text.jsonl")] == rows


def test_the_page_lists_every_suffix():
    page = (DOCS / "suites.md").read_text()
    section = page.partition("\n## Data files\n")[2].partition("\n## ")[0]
    assert all(f"`{suffix}`" in section for suffix in (*SUFFIXES, *COMPRESSIONS))


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_names_of_tasks_and_data_leave_the_compression_out(suffix):
    task = Rows(kind="rows", data=f"data/my.rows.jsonl{suffix}")
    assert task.task_name == "my.rows"
    assert data_suffix(Path(f"x/my.rows.JSON{suffix}")) == ".json"
