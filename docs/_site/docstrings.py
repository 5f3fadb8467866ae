"""What docstrings of this project mean to the API reference."""

from __future__ import annotations

import re
from typing import Any

import griffe

from evalguard import __all__ as public

_ROLE = re.compile(r":(?:class|data|func|meth|mod):`~?([\w.]+)`")
_MEMBER = re.compile(r"^\s*\w+ = .*?  # (.*)$")


class Docstrings(griffe.Extension):
    """Reads roles as links to public names, and the comment beside an enum's member as its text."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Turn the roles of a docstring into Markdown."""
        if obj.docstring:
            obj.docstring.value = _ROLE.sub(_link, obj.docstring.value)

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


def _link(role: re.Match[str]) -> str:
    name = role[1].rpartition(".")[2]
    return f"[`{name}`][evalguard.{name}]" if name in public else f"`{name}`"
