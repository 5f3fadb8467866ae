"""Every YAML block and every command line of the documentation is valid as it stands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from pydantic import BaseModel

from evalguard.cli import COMMANDS, app
from evalguard.config import ProjectConfig, SuiteConfig, ThresholdsConfig, load_project
from evalguard.config.loading import validate
from evalguard.config.yaml_text import parse_yaml
from evalguard.scorers import names
from evalguard.training.config import TrainingConfig

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(evalguard [a-z][^`\n]*)`")
_COMMAND = re.compile(r"^(?:\$ |.*?run: )?(evalguard [a-z][^#\n]*)", re.MULTILINE)


class Document(NamedTuple):
    """A kind of file, its model, and the least that makes a fragment of it complete."""

    model: type[BaseModel]
    rest: dict[str, Any]


DOCUMENTS = {
    "project": Document(
        ProjectConfig,
        {
            "version": 1,
            "baseline": {"model": "models/base"},
            "suites": ["general"],
            "thresholds": "release",
        },
    ),
    "suite": Document(SuiteConfig, {"version": 1}),
    "thresholds": Document(ThresholdsConfig, {"version": 1}),
    "training": Document(
        TrainingConfig,
        {
            "version": 1,
            "method": "sft",
            "base": {"model": "models/base"},
            "data": {"train": "data/train.jsonl"},
            "output": "adapters/out",
        },
    ),
}

PYTEST_OPTIONS = ("-k", "-m", "-v", "-x", "-q", "--junitxml", "--lf", "--collect-only")
"""Options that the documentation shows of those that ``evalguard check`` passes on."""


class Block(NamedTuple):
    """A block of a page."""

    page: str
    number: int
    text: str


def blocks(*languages: str) -> Iterator[Block]:
    for page in PAGES:
        for number, (language, text) in enumerate(_FENCE.findall(page.read_text("utf-8"))):
            if language in languages:
                yield Block(page.name, number, text)


def name_of(block: Block) -> str:
    return f"{block.page}-{block.number}"


def kind_of(data: dict[str, Any]) -> str:
    """Return what a block is: the one kind of file that may hold its keys."""
    if "jobs" in data:
        return "workflow"
    if "output_type" in data:
        return "lm-eval task"
    fitting = [
        kind
        for kind, document in DOCUMENTS.items()
        if data.keys() <= document.model.model_fields.keys()
    ]
    assert len(fitting) == 1, f"{sorted(data)} may stand in {fitting or 'no file'}"
    return fitting[0]


YAML = list(blocks("yaml", "yml"))


@pytest.mark.parametrize("block", YAML, ids=name_of)
def test_a_yaml_block_is_valid(block):
    data = parse_yaml(block.text, name_of(block))
    assert isinstance(data, dict)
    kind = kind_of(data)
    if kind == "workflow":
        steps = [step for job in data["jobs"].values() for step in job["steps"]]
        assert all("run" in step or "uses" in step for step in steps)
    elif kind == "lm-eval task":
        assert {"task", "dataset_path", "doc_to_text", "doc_to_target"} <= data.keys()
    else:
        document = DOCUMENTS[kind]
        validate({**document.rest, **data}, document.model, file=name_of(block))


def test_every_page_and_every_kind_of_block_is_seen():
    assert len(YAML) > 25
    kinds = {kind_of(parse_yaml(block.text, "page")) for block in YAML}
    assert kinds == {*DOCUMENTS, "workflow", "lm-eval task"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("candidates: {v2: {adaptor: adapters/v2}}", "unknown key"),
        ("gates: [{suite: a, metric: acc}]", "max_drop"),
        ("tasks: [{kind: judge, data: a.jsonl}]", "missing"),
        ("method: [sft]", "method"),
    ],
)
def test_a_wrong_block_would_be_seen(text, problem):
    with pytest.raises(Exception, match=problem):
        test_a_yaml_block_is_valid(Block("page", 0, text))


@pytest.mark.parametrize("text", ["server: {port: 1}", "version: 1", "model: base"])
def test_a_block_of_no_known_kind_would_be_seen(text):
    with pytest.raises(AssertionError, match="may stand in"):
        test_a_yaml_block_is_valid(Block("page", 0, text))


@pytest.mark.parametrize("page", ["README.md", "project.md"])
def test_the_project_of_a_page_loads(page, tmp_path):
    found: dict[str, Any] = {}
    for block in YAML:
        if block.page == page:
            data = parse_yaml(block.text, page)
            found.setdefault(kind_of(data), data)
    gates = found["thresholds"]["gates"]
    (tmp_path / "evalguard.yaml").write_text(_dumped(found["project"]))
    for folder in ("suites", "thresholds"):
        (tmp_path / folder).mkdir()
    (tmp_path / "thresholds" / "release.yaml").write_text(_dumped(found["thresholds"]))
    (tmp_path / "suites" / "rows.jsonl").write_text('{"q": "a", "t": "a"}\n')
    for suite in found["project"]["suites"]:
        metrics = {gate["metric"] for gate in gates if gate["suite"] == suite}
        scorers = sorted(metrics & set(names()))
        task = (
            {"kind": "benchmark", "task": "hellaswag"}
            if metrics - set(scorers)
            else {"kind": "test_set", "data": "rows.jsonl", "prompt": "{{ q }}"}
            | {"target": "{{ t }}", "scorers": scorers or ["exact_match"]}
        )
        (tmp_path / "suites" / f"{suite}.yaml").write_text(_dumped({"version": 1, "tasks": [task]}))
    project = load_project(tmp_path / "evalguard.yaml")
    assert [gate.name for gate in project.thresholds.gates] == [gate["name"] for gate in gates]


def _dumped(data: dict[str, Any]) -> str:
    import json

    return json.dumps(data)  # which is YAML, too


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text("utf-8")
        inline = _INLINE.findall(_FENCE.sub("", text))
        fenced = [
            command
            for language, body in _FENCE.findall(text)
            if language in ("sh", "console", "yaml")
            for command in _COMMAND.findall(body)
        ]
        for command in dict.fromkeys([*fenced, *inline]):
            yield page.name, command.split("&&")[0].strip()


def parse(line: str) -> None:
    """Parse a command line as far as its options go."""
    _, name, *words = shlex.split(line.replace("…", "X"))
    assert name in COMMANDS, line
    command: click.Command | None = app.get_command(click.Context(app), name)
    assert command is not None
    context = click.Context(command, **command.context_settings)
    if isinstance(command, click.Group) and words:
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, line
        context = click.Context(command, **command.context_settings)
    found, left, _ = command.make_parser(context).parse_args(args=list(words))
    passed_on = found.get("pytest_args")
    left += passed_on if isinstance(passed_on, list | tuple) else []
    unknown = [word for word in left if word.startswith("-") and word not in PYTEST_OPTIONS]
    assert not unknown, f"{line}: {unknown}"


@pytest.mark.parametrize(("page", "line"), list(commands()))
def test_a_command_line_parses(page, line):
    parse(line)


@pytest.mark.parametrize(
    "line",
    [
        "evalguard chekc",
        "evalguard train a.yaml --resme",
        "evalguard check --wide",
        "evalguard runs l",
    ],
)
def test_a_wrong_command_line_would_be_seen(line):
    with pytest.raises((AssertionError, click.ClickException)):
        parse(line)


def test_command_lines_are_found():
    assert len(list(commands())) > 30
