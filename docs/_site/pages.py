"""Pages that lie elsewhere in the repository, and links from pages into it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
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

_LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated and the copied pages."""
    made = {"reference/commands.md": command_page()}
    made |= {page: (ROOT / source).read_text("utf-8") for source, page in COPIED.items()}
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    assets = Path(__file__).parent / "assets"
    for name in ("extra.css", "favicon.svg"):
        files.append(File.generated(config, f"_{name}", abs_src_path=str(assets / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at pages of the site, or else at the repository.

    Raises:
        FileNotFoundError: If a link names a file that the repository does not have.
    """
    sources = {page: source for source, page in COPIED.items()}
    source = ROOT / sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def pointed(link: re.Match[str]) -> str:
        target = (source.parent / link[1]).resolve()
        name = target.relative_to(ROOT).as_posix()
        here = COPIED.get(name, name.removeprefix("docs/"))
        if files.get_file_from_path(here) and (name in COPIED or name.startswith("docs/")):
            up = "../" * page.file.src_uri.count("/")
            return f"{up}{here}{link[2] or ''}"
        if not target.exists():
            raise FileNotFoundError(f"{page.file.src_uri}: link to {link[1]}, which is not there")
        return f"{config.repo_url}/blob/main/{name}{link[2] or ''}"

    return _LINK.sub(pointed, markdown)


def on_page_context(context: dict[str, object], page: Page, **_: object) -> dict[str, object]:
    """Offer to edit the file that a page was made of."""
    sources = {page: source for source, page in COPIED.items()}
    if page.file.src_uri in sources:
        page.edit_url = f"https://github.com/evalguard/evalguard/edit/main/{sources[page.file.src_uri]}"
    elif page.file.src_uri == "reference/commands.md":
        page.edit_url = None
    return context
