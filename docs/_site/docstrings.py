"""What docstrings of this project mean to the API reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import griffe

_PAGES = Path(__file__).parents[1] / "reference"
_SHOWN = {
    name
    for page in _PAGES.glob("*.md")
    for name in re.findall(r"^::: (\S+)", page.read_text("utf-8"), re.MULTILINE)
}
"""Everything that a page of the reference shows."""

_ROLE = re.compile(r":(?:class|data|func|meth|mod):`~?([\w.]+)`")
_MEMBER = re.compile(r"^\s*\w+ = .*?  # (.*)$")


class Docstrings(griffe.Extension):
    """Reads roles as links into the reference, and an enum's comments as what its members mean."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Turn roles into Markdown, and ``Example:`` into the section that is shown as code."""
        if obj.docstring:
            text = _ROLE.sub(_link, obj.docstring.value)
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Document a member of an enum by its comment."""
        parent = attr.parent
        if not isinstance(parent, griffe.Class) or attr.docstring or attr.lineno is None:
            return
        if any("Enum" in str(base) for base in parent.bases):
            found = _MEMBER.match(attr.lines_collection[attr.filepath][attr.lineno - 1])
            if found:
                text = found[1][0].upper() + found[1][1:] + "."
                attr.docstring = griffe.Docstring(text, parent=attr)

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """List the fields of a class that have a docstring each in the docstring of the class."""
        fields = [a for a in cls.attributes.values() if a.docstring and "property" not in a.labels]
        if not fields or not cls.docstring or "Attributes:" in cls.docstring.value:
            return
        lines = [f"    {field.name}: {_one_line(field)}" for field in fields]
        cls.docstring.value += "\n\n" + "\n".join(["Attributes:", *lines])
        for field in fields:
            field.docstring = None


def _one_line(field: griffe.Attribute) -> str:
    assert field.docstring is not None
    return " ".join(field.docstring.value.split())


def _link(role: re.Match[str]) -> str:
    path = role[1] if "." in role[1] else f"evalguard.{role[1]}"
    name = path.rpartition(".")[2]
    return f"[`{name}`][{path}]" if path in _SHOWN else f"`{name}`"
