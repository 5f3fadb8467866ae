"""What a form is, and where all of them are found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.data_formats.meant import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A file as people have it, and what may come of training on it.

    Attributes:
        name: Such as ``weights``; with the base, where there are several.
        group: Kind of data that it belongs to.
        what: What is special about it.
        reference: Documentation or report that shows it.
        files: Content of each file; the first one is trained on.
        allowed: What may come of it; the first is what is wanted most.
        base: Name of the base, see ``models``.
        method: Training method.
        data: Further keys of ``data`` in the config.
        training: Further keys of ``training``.
    """

    name: str
    group: str
    what: str
    reference: str
    files: Mapping[str, bytes]
    allowed: tuple[Outcome, ...]
    base: str = "embedded"
    method: str = "sft"
    data: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What the function of a form returns: the form without its name."""

    files: Mapping[str, bytes]
    allowed: tuple[Outcome, ...]
    settings: Mapping[str, Any]


def made(content: bytes, *allowed: Outcome, file: str = "rows.jsonl", **settings: Any) -> Made:
    """Return a form of one file.

    Args:
        content: Of the file.
        allowed: What may come of it.
        file: Its name.
        settings: ``method``, ``data``, ``training`` of :class:`Form`, and ``more`` files by name.
    """
    more = settings.pop("more", {})
    return Made({file: content, **more}, allowed, settings)


FORMS: dict[str, Form] = {}
"""Every form by its name."""


def form(
    group: str, reference: str = "", *, bases: Sequence[str] = ("embedded",)
) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """Register the forms that a function makes: one for each base.

    Args:
        group: Kind of data.
        reference: Documentation or report.
        bases: Names of the bases. A function that is used for several takes the name.
    """

    def register(make: Callable[..., Made]) -> Callable[..., Made]:
        name = make.__name__.strip("_").replace("_", "-")
        what = (make.__doc__ or "").strip().splitlines()[0].rstrip(".")
        for base in bases:
            found = make(base) if len(bases) > 1 else make()
            one = Form(
                name=name,
                group=group,
                what=what,
                reference=reference,
                files=found.files,
                allowed=found.allowed,
                base=base,
                **found.settings,
            )
            if len(bases) > 1:
                one = replace(one, name=f"{name} ({base})")
            if one.name in FORMS:
                raise ValueError(f"two forms are named '{one.name}'")
            FORMS[one.name] = one
        return make

    return register
