"""Loading a YAML file: every problem at once, each with file, key, found and allowed."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from evalguard.config import ConfigModel, load_yaml
from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import ConfigError, ExitCode


class Quiz(ConfigModel):
    kind: Literal["quiz"]
    rate: float
    shuffle: bool | Literal["auto"] = "auto"


class Essay(ConfigModel):
    kind: Literal["essay"]
    lengths: tuple[int, ...]
    title: str | None = None


class Exam(ConfigModel):
    version: Literal[1]
    level: Literal["easy", "hard"] = "easy"
    tasks: tuple[Annotated[Quiz | Essay, Field(discriminator="kind")], ...] = ()
    extras: dict[str, Quiz] = Field(default_factory=dict)


def problems(tmp_path: Path, content: str | bytes) -> list[tuple[str, str]]:
    """Load a file that must fail and return key and message of each problem."""
    path = tmp_path / "exam.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load_yaml(path, Exam)
    assert caught.value.exit_code == ExitCode.USAGE
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [(problem.key, problem.message) for problem in caught.value.problems]


def test_a_right_file_becomes_the_model(tmp_path):
    path = tmp_path / "exam.yaml"
    path.write_text(
        "version: 1\nlevel: hard\ntasks:\n"
        "  - {kind: quiz, rate: 5e-4, shuffle: false}\n"
        "  - {kind: essay, lengths: [1, 2], title: no}\n"
    )
    assert load_yaml(path, Exam) == Exam(
        version=1,
        level="hard",
        tasks=(
            Quiz(kind="quiz", rate=0.0005, shuffle=False),
            Essay(kind="essay", lengths=(1, 2), title="no"),
        ),
    )


def test_all_problems_are_listed_at_once(tmp_path):
    found = problems(
        tmp_path,
        "version: 2\n"
        "level: hrad\n"
        "tasks:\n"
        "  - {kind: quiz, rate: .nan, shuffle: 3}\n"
        "  - {kind: quizz}\n"
        "  - {lengths: []}\n"
        "  - 3\n"
        "  - {kind: essay, lengths: 4, titel: x}\n"
        "  - {kind: essay, lengths: ['1'], title: 4}\n"
        "extras: {one: {kind: quiz}, two: null}\n",
    )
    assert found == [
        (
            "version",
            "found 2 (integer), but this version of EvalGuard reads version 1; correct the number, "
            "or install the version of EvalGuard that the file was written for",
        ),
        ("level", "must be easy or hard, found 'hrad' (text). Did you mean 'hard'?"),
        ("tasks[0].rate", "must be a finite number, found NaN (number)"),
        ("tasks[0].shuffle", "must be true or false or auto, found 3 (integer)"),
        ("tasks[1].kind", "must be quiz or essay, found 'quizz' (text). Did you mean 'quiz'?"),
        ("tasks[2].kind", "missing; it must be given. Allowed: essay, quiz."),
        ("tasks[3]", "must be a mapping (key: value), found 3 (integer)"),
        ("tasks[4].lengths", "must be a list, found 4 (integer)"),
        ("tasks[4].titel", "unknown key. Did you mean 'title'? Allowed: kind, lengths, title."),
        ("tasks[5].lengths[0]", "must be an integer, found '1' (text)"),
        ("tasks[5].title", "must be text, found 4 (integer); write it in quotes"),
        ("extras.one.rate", "missing; it must be given."),
        ("extras.two", "must be a mapping (key: value), found nothing"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- a\n- b\n", 'must hold a mapping (key: value), found ["a", "b"] (list)'),
        ("a: b: c", "line 1, column 5: mapping values are not allowed here"),
        ("a:\n\tb: 1", "line 2, column 1: found character '\\t'"),
        ("a: [1", "line 1, column 6"),
        (b"a: \xff", "not UTF-8 at byte 3 (0xff)"),
        (b"\x00\x01", "unacceptable character #x0000"),
        ("a: !!python/object:os.system 1", "could not determine a constructor"),
        ("a: &loop [*loop]", "recursive"),
        ("[" * 5000, "nested too deeply"),
        ("a: 1\n---\nb: 2", "found another document"),
    ],
)
def test_what_is_no_usable_yaml_is_named(tmp_path, content, says):
    [(key, message)] = problems(tmp_path, content)
    assert key == ""
    assert says in message


@pytest.mark.parametrize("line", ["[{}]", "{{<<: [{}]}}", "{{a: {{b: [{}]}}}}"])
def test_aliases_that_stand_for_too_much_are_refused(tmp_path, line):
    bomb = "".join(
        f"a{n}: &a{n} {line.format(', '.join([f'*a{n - 1}'] * 9))}\n" for n in range(1, 9)
    )
    [(_, message)] = problems(tmp_path, f"a0: &a0 {{k: v}}\n{bomb}")
    assert "aliases (*name) stand for" in message


def test_aliases_that_share_what_is_long_are_read():
    rows = ", ".join(["x"] * 9_000)
    data = parse_yaml(f"rows: &rows [{rows}]\nagain: [{', '.join(['*rows'] * 9)}]", "a.yaml")
    assert len(data["again"]) == 9


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("9" * 1_000_000, "line 1, column 6: a number of 1,000,000 characters"),
        ("-" + "9" * 5_000, "a number of 5,001 characters"),
        ("0x" + "f" * 1_000, "a number of 1,002 characters"),
        ("9" * 400, "a number of 400 characters"),
        ("1." + "0" * 400, "a number of 402 characters"),
        ("!!int x", "'x' is no int"),
        ("!!int ''", "'' is no int"),
        ("!!float x", "'x' is no float"),
        ("!!bool x", "'x' is no bool"),
        (r'"\UFFFFFFFF"', "not YAML"),
        (r'"\U00110000"', "not YAML"),
    ],
)
def test_values_that_are_none_are_refused(tmp_path, written, says):
    [(_, message)] = problems(tmp_path, f"key: {written}")
    assert says in message
    with pytest.raises(ConfigError):
        parse_yaml(f"%YAML {'9' * 5_000}.1\n---\nkey: 1", "a.yaml")


def test_duplicate_and_numeric_keys_are_refused_with_their_lines(tmp_path):
    found = problems(tmp_path, "version: 1\nversion: 1\n3: x\nextras: {a: 1,\n  a: 2}\n")
    assert [message for _, message in found] == [
        "line 2: key 'version' appears twice (first in line 1); remove one",
        "line 3: key 3 is not text; write it in quotes",
        "line 5: key 'a' appears twice (first in line 4); remove one",
    ]


def test_a_missing_file_names_its_nearest_neighbour(tmp_path):
    (tmp_path / "release.yaml").write_text("version: 1")
    with pytest.raises(ConfigError, match=r"no such file\. Did you mean 'release.yaml'"):
        load_yaml(tmp_path / "relaese.yaml", Exam)
    with pytest.raises(ConfigError, match="There is no folder"):
        load_yaml(tmp_path / "nowhere" / "release.yaml", Exam)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "suites").mkdir()
    with pytest.raises(ConfigError, match="a folder, not a file"):
        load_yaml(tmp_path / "suites", Exam)


def test_a_byte_order_mark_and_anchors_are_read(tmp_path):
    path = tmp_path / "exam.yaml"
    path.write_bytes(
        b"\xef\xbb\xbfversion: 1\nextras:\n  a: &a {kind: quiz, rate: 1}\n  b: {<<: *a, rate: 2}\n"
    )
    extras = load_yaml(path, Exam).extras
    assert (extras["a"].rate, extras["b"].rate) == (1, 2)


def test_models_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Quiz(kind="quiz", rate=1).rate = 2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("2024-01-02", "2024-01-02"),
        ("1e-4", 1e-4),
        ("010", "010"),
        ("0x1F", 31),
        ("true", True),
        ("~", None),
        ("-3", -3),
        (".5", 0.5),
    ],
)
def test_scalars_follow_yaml_1_2(written, value):
    assert parse_yaml(f"key: {written}", "a.yaml") == {"key": value}


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_every_number_that_python_writes_is_read_back(number):
    assert parse_yaml(f"key: {number!r}", "a.yaml") == {"key": number}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_config_error(text):
    try:
        parse_yaml(text, "a.yaml")
    except ConfigError as error:
        assert error.problems  # noqa: PT017 - either way is right, nothing else is
