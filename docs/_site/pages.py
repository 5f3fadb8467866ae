"""Pages that lie elsewhere in the repository, and links from pages into it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from commands import command_page  # noqa: E402 (a hook is loaded by its path)

COPIED = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples.md",
}
"""Files of the repository that are pages of the site."""

_SOURCES = {page: source for source, page in COPIED.items()}
_COMMANDS = "reference/commands.md"

_LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?(?=\))")

_FIRST_CELL = re.compile(r"^\| `.*?\|", re.MULTILINE)
_NAME = re.compile(r"`(\w+)`")

_BLOCK = re.compile(r"- |\d+\. |\|")
"""The beginning of an item of a list, or of a row of a table."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated and the copied pages."""
    made = {page: (ROOT / source).read_text("utf-8") for page, source in _SOURCES.items()}
    for page, text in {_COMMANDS: command_page(), **made}.items():
        files.append(File.generated(config, page, content=text))
    assets = Path(__file__).parent / "assets"
    for name in ("extra.css", "favicon.svg"):
        files.append(File.generated(config, f"_{name}", abs_src_path=str(assets / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at pages of the site, or else at the repository.

    Raises:
        PluginError: If a link names a file that the repository does not have.
    """
    name = page.file.src_uri
    source = ROOT / _SOURCES.get(name, f"docs/{name}")
    page.edit_url = f"{config.repo_url}/edit/main/{source.relative_to(ROOT).as_posix()}"
    if name == _COMMANDS:
        page.edit_url = None

    def pointed(link: re.Match[str]) -> str:
        target = (source.parent / link[1]).resolve()
        path, anchor = target.relative_to(ROOT).as_posix(), link[2] or ""
        here = COPIED.get(path) or (path.startswith("docs/") and path.removeprefix("docs/"))
        if here and files.get_file_from_path(here):
            return "../" * name.count("/") + here + anchor
        if not target.exists():
            raise PluginError(f"{name}: link to {link[1]}, which is not there")
        return f"{config.repo_url}/blob/main/{path}{anchor}"

    if name == "api.md":
        markdown = _FIRST_CELL.sub(
            lambda cell: _NAME.sub(r"[`\1`][evalguard.\1]", cell[0]), markdown
        )
    return _LINK.sub(pointed, _spaced(markdown))


def _spaced(markdown: str) -> str:
    """Return a page with a blank line wherever Python-Markdown needs one and GitHub does not.

    That is around a fence, and before a list or a table that follows a line of text.
    """
    lines: list[str] = []
    fenced = False
    before = ""
    for line in markdown.splitlines():
        fence = line.startswith("```")
        closed = not fenced and before == "```"
        begins = not fenced and (fence or (_BLOCK.match(line) and not _is_item(before)))
        if before and (begins or closed):
            lines.append("")
        lines.append(line)
        fenced ^= fence
        before = line
    return "\n".join(lines)


def _is_item(line: str) -> bool:
    """Return whether a line belongs to a list or a table."""
    return line.startswith(" ") or _BLOCK.match(line) is not None
