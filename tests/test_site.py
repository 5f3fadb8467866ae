"""The documentation site: every page, public name, command and option is on it."""

import re
import sys
from pathlib import Path

import click
import pytest
import yaml

import evalguard
from evalguard.cli import COMMANDS, app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def commands_page() -> str:
    sys.path.insert(0, str(DOCS / "_site"))
    try:
        from commands import command_page
    finally:
        sys.path.pop(0)
    return command_page()


def section(page: str, path: str) -> str:
    found = re.search(rf"^#+ `{path}` .*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"{path} has no section"
    return found[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_in_its_section(name, commands_page):
    command = app.get_command(click.Context(app), name)
    found = [(f"evalguard {name}", command)]
    if isinstance(command, click.Group):
        found += [(f"evalguard {name} {inner}", c) for inner, c in command.commands.items()]
    for path, each in found:
        text = section(commands_page, path)
        assert each is not None
        for parameter in each.params:
            if isinstance(parameter, click.Option):
                assert max(parameter.opts, key=len) in text
                assert parameter.help, f"{path} {parameter.opts[0]} says nothing"
        assert "\b" not in text


def test_marks_of_a_help_text_stay_text(commands_page):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", commands_page, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[<>*]|(?<!\\)_\w+_", prose)


def test_every_public_name_is_in_the_reference():
    pages = "".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    shown = re.findall(r"^::: evalguard\.(\w+)$", pages, re.MULTILINE)
    assert sorted(shown) == sorted(evalguard.__all__), "add it to a page of docs/reference"


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    nav = str(yaml.safe_load(text)["nav"])
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    missing = {page for page in pages if page not in nav}
    assert not missing


def test_the_tree_of_errors_is_that_of_the_module():
    from evalguard import errors

    page = (DOCS / "reference" / "errors.md").read_text()
    tree = re.search(r"^::\n\n(.*?)\n\n", errors.__doc__ or "", re.MULTILINE | re.DOTALL)
    assert tree
    names = re.findall(r"(\w+Error)\b", tree[1])
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert shown
    assert re.findall(r"(\w+Error)\b", shown[1]) == names
    assert set(re.findall(r"^::: evalguard\.(?:errors\.)?(\w+Error)$", page, re.MULTILINE)) == set(
        names
    )
