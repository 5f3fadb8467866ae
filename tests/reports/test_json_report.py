"""The machine-readable result."""

import json
from dataclasses import replace

import pytest

from evalguard.errors import DataError, UsageError
from evalguard.reports.json_report import read_json, write_json
from tests.reports import examples


def test_round_trip(several, tmp_path):
    path = write_json(several, tmp_path / "deep" / "result.json")
    assert read_json(path) == several


def test_holds_the_promised_keys(forgetting, tmp_path):
    data = json.loads(write_json(forgetting, tmp_path / "result.json").read_text())
    assert data["schema_version"] == 1
    assert data["verdict"] == "FAIL"
    gate = data["gates"][1]
    assert gate["ci"] == [pytest.approx(-1.0), pytest.approx(-0.993, abs=1e-3)]
    names = "name suite metric verdict baseline candidate delta margin p_pass p_fail n losses gains"
    assert set(names.split()) <= set(gate)
    assert {"findings", "models", "environment", "timing"} <= set(data)


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\u202e", "😀", "a\r\nb", "</script>"])
def test_any_text_survives(healthy, tmp_path, text):
    failing = examples.check_result({"v": examples.SAFETY})
    result = examples.with_texts(failing, prompt=text, output=text)
    assert read_json(write_json(result, tmp_path / "result.json")) == result


def test_nan_is_never_written(healthy, tmp_path):
    gate = replace(healthy.gates[0], delta=float("nan"))
    path = tmp_path / "result.json"
    with pytest.raises(ValueError, match="JSON"):
        write_json(replace(healthy, gates=(gate,)), path)
    assert list(tmp_path.iterdir()) == []


def test_the_file_from_before_survives_a_failed_write(healthy, tmp_path):
    path = write_json(healthy, tmp_path / "result.json")
    before = path.read_text()
    gate = replace(healthy.gates[0], delta=float("inf"))
    with pytest.raises(ValueError, match="JSON"):
        write_json(replace(healthy, gates=(gate,)), path)
    assert path.read_text() == before


def test_a_folder_in_the_way_is_named(healthy, tmp_path):
    (tmp_path / "result.json").mkdir()
    with pytest.raises(UsageError, match=r"result\.json: cannot be written"):
        write_json(healthy, tmp_path / "result.json")
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", r"line 1: not valid JSON"),
        (b"[]", r"found a list, expected a JSON object"),
        (b"\xff\xfe", r"not a text file in UTF-8"),
        (b"{}", r"schema_version: found None, this version of EvalGuard reads 1"),
        (b'{"schema_version": 99}', r"schema_version: found 99"),
        (b'{"schema_version": 1, "verdict": "FINE"}', r"verdict: Input should be"),
    ],
)
def test_a_file_that_is_no_result_is_named_with_its_problem(tmp_path, content, message):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        read_json(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json: cannot be read: No such file"):
        read_json(tmp_path / "nowhere.json")
