"""An engine of a package, which opens what a test says."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evalguard import plugins
from evalguard.engines.availability import Availability
from evalguard.engines.base import EngineSettings
from evalguard.engines.fake import Answer, FakeEngine, Likelihood
from evalguard.engines.registry import GROUP, EngineKind
from evalguard.errors import EngineError

Opening = Callable[[EngineSettings], FakeEngine]
"""From the settings of a base model to the engine that answers for it."""


class Script:
    """What the engine ``scripted`` opens, and what it was asked.

    Attributes:
        opened: Engines that were opened, one a base model and check.
    """

    def __init__(self) -> None:
        self.opened: list[FakeEngine] = []
        self._opening: Opening | None = None

    def opens(self, opening: Opening) -> None:
        """Set what opens an engine from now on."""
        self._opening = opening

    @property
    def asked(self) -> set[str]:
        """Models that the opened engines were asked for."""
        return {model for engine in self.opened for model, _ in engine.asked}

    def forget(self) -> None:
        """Forget the engines that were opened."""
        self.opened.clear()

    def open(self, settings: EngineSettings) -> FakeEngine:
        """Open an engine as the test says."""
        assert self._opening is not None, f"{settings.model}: no test says what is opened"
        self.opened.append(self._opening(settings))
        return self.opened[-1]


def knows(answers: Mapping[str, str], *, otherwise: str = "?") -> Answer:
    """Return what a model writes that has answers to some questions."""

    def answer(prompt: str) -> str:
        return next((said for question, said in answers.items() if question in prompt), otherwise)

    return answer


def judges(shown: re.Pattern[str], verdict: Callable[..., str | EngineError | None]) -> Likelihood:
    """Return the likelihoods of a judge that replies by rule, the same to the same prompt.

    Args:
        shown: Finds the answers in a prompt, one a group.
        verdict: From the answers to the word that the judge replies; ``None`` where it is even.
    """
    replies: dict[str, str | EngineError | None] = {}

    def likelihood(prompt: str, word: str) -> float | EngineError:
        if prompt not in replies:
            found = shown.search(prompt)
            assert found, prompt
            replies[prompt] = verdict(*found.groups())
        reply = replies[prompt]
        if isinstance(reply, EngineError):
            return reply
        return 0.0 if reply in (None, word.strip()) else -50.0

    return likelihood


def write_package(folder: Path) -> None:
    """Write what makes a folder, once it is on the path, a package with the engine."""
    info = folder / "scripted_engine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: scripted-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nscripted = {__name__}:KIND\n")


@contextmanager
def installed_script(folder: Path) -> Iterator[Script]:
    """Install the package, and yield what says how its engine is opened."""
    write_package(folder)
    sys.path.insert(0, str(folder))
    plugins.points.cache_clear()
    _scripts.append(Script())
    try:
        yield _scripts[-1]
    finally:
        _scripts.pop()
        sys.path.remove(str(folder))
        plugins.points.cache_clear()


_scripts: list[Script] = []


def _open(settings: EngineSettings) -> FakeEngine:
    return _scripts[-1].open(settings)


KIND = EngineKind(
    name="scripted",
    open=_open,
    availability=lambda: Availability("scripted", True, "scripted 1.0", "answers by a script"),
)
