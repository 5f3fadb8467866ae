"""The damages: the built-in ones, and those of packages.

A package adds a damage by an entry point of the group ``evalguard.damages`` that names a
:class:`~evalguard.damages.base.Damage`; the name of the entry point is its code.
"""

from __future__ import annotations

from collections.abc import Iterator

from evalguard import plugins
from evalguard.damages.base import Damage
from evalguard.damages.built_in import BUILT_IN
from evalguard.damages.training_signs import Lever
from evalguard.errors import UsageError, did_you_mean
from evalguard.records import HEALTHY

GROUP = "evalguard.damages"

_WORDS = ("title", "meaning", "data_cause", "repair")

_BUILT_IN = {damage.code: damage for damage in BUILT_IN}


def codes() -> list[str]:
    """Return the codes of all damages, without loading those of packages."""
    return [*_BUILT_IN, *sorted(plugins.points(GROUP).keys() - _BUILT_IN.keys())]


def find_damage(code: str) -> Damage:
    """Return a damage by its code.

    Raises:
        UsageError: If there is none, or what a package registers is none.
    """
    found = _BUILT_IN.get(code) or _of_package(code)
    if found is None:
        raise UsageError(f"no damage '{code}'. {did_you_mean(code, codes())}")
    return found


def usable_damages() -> Iterator[Damage | UsageError]:
    """Yield every damage, the built-in ones first, and why one of a package cannot be used."""
    for code in codes():
        try:
            yield find_damage(code)
        except UsageError as error:
            yield error


def lacks_training(code: str) -> bool:
    """Return whether a finding asks for more training; every other asks for less."""
    try:
        return find_damage(code).lacks_training
    except UsageError:  # of a package that is gone
        return False


def _of_package(code: str) -> Damage | None:
    found = plugins.load(GROUP, code, Damage)
    if found is None:
        return None
    if code == HEALTHY:
        problem = "uses the code reserved for healthy candidates; choose another name"
    elif found.code != code:
        problem = f"names a Damage whose code is '{found.code}'; they must be the same"
    elif unsaid := [name for name in _WORDS if not _is_text(getattr(found, name))]:
        problem = f"names a Damage without text for {', '.join(unsaid)}"
    elif not (isinstance(found.levers, tuple) and all(isinstance(x, Lever) for x in found.levers)):
        problem = "names a Damage whose levers are not a tuple of evalguard.damages.Lever"
    else:
        return found
    raise UsageError(f"the entry point {code} of {GROUP} {problem}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
