"""One row: a behaviour, what is asked of it, and what may come of that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks.servers.behaviours import BEHAVIOURS, Behaviour
from benchmarks.servers.project import Setup


class Target(StrEnum):
    """What may come of a check."""

    RIGHT = "right value"  # every sample scores as on a faultless server
    UNMEASURED = "not measured"  # the samples in question are missing, the others are right
    ERROR = "one error"  # one message, in which the server is heard


RIGHT, UNMEASURED, ERROR = Target.RIGHT, Target.UNMEASURED, Target.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, what is asked of it, and what may come of that.

    Attributes:
        behaviour: What the server does.
        setup: What is asked.
        targets: What may come of it.
        words: Of these the message has to hold one, where samples or all are not measured.
        variant: What tells the case from others on the same behaviour; empty for the first.
        seconds: Time that each of the two checks may take.
    """

    behaviour: Behaviour
    setup: Setup
    targets: tuple[Target, ...]
    words: tuple[str, ...] = ()
    variant: str = ""
    seconds: float = 60.0

    @property
    def name(self) -> str:
        """Name of the row."""
        return self.behaviour.name + (f" ({self.variant})" if self.variant else "")


def case(name: str, *targets: Target, **fields: Any) -> Case:
    """Return a case; what :class:`Case` has no field for belongs to its setup."""
    own = {key: fields.pop(key) for key in ("variant", "words", "seconds") if key in fields}
    return Case(behaviour=BEHAVIOURS[name], setup=Setup(**fields), targets=targets, **own)


TEXT = {"api": "completions"}
ECHO = {"api": "completions", "kind": "choices"}
VOUCHED = {"options": {"trust_route": True}}
