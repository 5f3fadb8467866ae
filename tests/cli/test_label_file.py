"""Labels are added to JSON lines alone, and none is ever lost."""

import codecs
import gzip
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from evalguard.cli.label import identity
from evalguard.cli.label_file import LabelFile
from evalguard.errors import DataError, EvalGuardError, UsageError
from evalguard.tasks.rows import read_rows

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL or flock")

ROWS = [{"question": f"q{k}", "answer": "é", "label": "yes"} for k in range(3)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
NEW = {"question": "new", "answer": "a", "label": "no"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.jsonl"


def is_alone(path: Path) -> bool:
    """Whether nothing is left in the folder beside the file."""
    return [*path.parent.iterdir()] == [path]


def parquet() -> bytes:
    import io

    import pyarrow
    from pyarrow import parquet as files

    sink = io.BytesIO()
    files.write_table(pyarrow.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (json.dumps(ROWS).encode(), "no JSON object in each line"),
        (json.dumps(ROWS, indent=1).encode(), "no JSON object in each line"),
        ("\n".join(json.dumps(row, indent=1) for row in ROWS).encode(), "no JSON object in each"),
        (gzip.compress(LINES.encode(), mtime=0), "compressed with gzip"),
        (LINES.encode("utf-16"), "UTF-16"),
        (LINES.encode("utf-16-be"), "UTF-16-BE"),
        (codecs.BOM_UTF32_LE + LINES.encode("utf-32-le"), "UTF-32"),
        (gzip.compress(json.dumps(ROWS).encode("utf-16"), mtime=0), "compressed with gzip"),
        (parquet, "Parquet"),
    ],
)
def test_a_file_of_another_form_is_left_as_it_is(path, content, form):
    content = content() if callable(content) else content
    path.write_bytes(content)
    for change in (LabelFile(path).prepare, lambda: LabelFile(path).add(NEW)):
        with pytest.raises(UsageError, match=rf"labels\.jsonl: .*{form}.*Convert it") as caught:
            change()
        assert path.read_bytes() == content
    # The command that the message gives makes a file to which labels can be added.
    command = str(caught.value).partition("'labelled': ")[2].replace("python", sys.executable, 1)
    subprocess.run(["sh", "-c", command], check=True)
    converted = LabelFile(path.with_name("labels-lines.jsonl"))
    converted.prepare()
    converted.add(NEW)
    assert [dict(row) for row in converted.rows()] == [*ROWS, NEW]


@pytest.mark.parametrize(
    "content",
    [
        LINES[:-20].encode(),  # as a process leaves it that was killed while it wrote
        b"question,answer,label\nq,a,yes\n",
        LINES.encode() + b'{"question": "\xe9"}\n',
        b"PK\x03\x04rest",
        b"\0" * 50,
    ],
)
def test_a_broken_file_is_left_as_it_is(path, content):
    path.write_bytes(content)
    for change in (LabelFile(path).prepare, lambda: LabelFile(path).add(NEW)):
        with pytest.raises(EvalGuardError):
            change()
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n \n",
        LINES,
        LINES.rstrip("\n"),
        LINES.replace("\n", "\r\n"),
        LINES.replace("\n", "\r"),
        "\ufeff" + LINES,
        LINES + "\ufeff" + LINES,
        json.dumps({"a": "one\u2028line\x85here", "label": "yes"}, ensure_ascii=False),
    ],
)
def test_a_label_is_a_line_more(path, content):
    path.write_text(content, encoding="utf-8", newline="")
    file = LabelFile(path)
    file.prepare()
    before = file.rows()
    file.add(NEW)
    file.add(NEW)
    assert [*before, NEW, NEW] == [row.data for row in read_rows(path, repeats_ids=True)]
    assert path.read_bytes().startswith(content.encode())
    assert is_alone(path)


def test_a_new_file_in_a_new_folder(tmp_path):
    file = LabelFile(tmp_path / "a" / "b" / "labels.jsonl")
    file.prepare()
    file.add(NEW | {"answer": "half \ud83d", "when": Path("x")})
    assert [row["answer"] for row in file.rows()] == ["half ?"]
    assert file.rows()[0]["when"] == "x"


@pytest.mark.parametrize(
    "row",
    [
        {"question": "q", "answer": "half \ud83d"},
        {"question": "q", "answer": "\ude00 the other, and \ud83d one"},
        {"question": ["a", {"deep": "\ud83d"}], "answer": "a"},
        {"b\ud83d": "a name", "b@": "that is sorted elsewhere", "answer": "a"},
        {"question": "whole \U0001f600", "answer": "a"},
    ],
)
def test_a_row_with_half_a_character_is_known_again(path, row):
    file = LabelFile(path)
    file.add({**row, "label": "yes"})
    (stored,) = file.rows()
    assert identity(stored, "label") == identity(row, "label")


def test_a_link_and_permissions_stay(path):
    target = path.with_name("target.jsonl")
    target.write_text(LINES)
    target.chmod(0o640)
    path.symlink_to(target)
    LabelFile(path).add(NEW)
    assert path.is_symlink()
    assert len(target.read_text().splitlines()) == 4
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk_keeps_what_is_there(path, monkeypatch, name):
    path.write_text(LINES)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    owner, attribute = (os, name) if name == "fsync" else (Path, name)
    monkeypatch.setattr(owner, attribute, full)
    with pytest.raises(UsageError, match=r"labels\.jsonl: .*No space left .* are kept"):
        LabelFile(path).add(NEW)
    assert path.read_text() == LINES
    assert is_alone(path)


def test_a_folder_and_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        LabelFile(tmp_path / "folder.jsonl").prepare()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be stored"):
        LabelFile(tmp_path / "file" / "labels.jsonl").prepare()


def test_a_number_that_json_does_not_have(path):
    path.write_text(LINES)
    with pytest.raises(UsageError, match="cannot be stored with its label"):
        LabelFile(path).add(NEW | {"score": float("inf")})
    assert path.read_text() == LINES


ADDS = """
import sys
from pathlib import Path
from evalguard.cli.label_file import LabelFile
file = LabelFile(Path(sys.argv[1]))
file.prepare()
for number in range(int(sys.argv[3])):
    file.add({"who": sys.argv[2], "number": number, "label": "yes", "answer": "long " * 2000})
    print(number, flush=True)
"""


def adding(path: Path, who: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ADDS, str(path), who, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@posix
def test_a_process_that_is_killed_loses_nothing(path):
    stored = 0
    for run in range(3):
        with adding(path, str(run), 10_000) as process:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(8 + run)]
            process.send_signal(signal.SIGKILL)
            told += process.stdout.readlines()
        stored += int([line for line in told if line.endswith("\n")][-1]) + 1
        rows = LabelFile(path).rows()
        assert stored <= len(rows) <= stored + 1  # the last one may have been stored and not told
        stored = len(rows)
        LabelFile(path).prepare()
    assert all(len(row["answer"]) == 10_000 for row in rows)
    assert is_alone(path)


@posix
def test_two_people_at_a_time(path):
    processes = [adding(path, who, 12) for who in "ab"]
    for process in processes:
        process.communicate()
    rows = LabelFile(path).rows()
    added = sorted((row["who"], row["number"]) for row in rows)
    assert added == [(who, number) for who in "ab" for number in range(12)]
