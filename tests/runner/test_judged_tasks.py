"""A judge is asked in a step of its own, and not before."""

from types import SimpleNamespace
from typing import Any

from evalguard.errors import EngineError
from evalguard.runner.judged_tasks import JudgedTasks


def test_the_judge_is_asked_when_it_is_checked_and_not_before():
    asked = []

    def fingerprint() -> str:
        asked.append(1)
        raise EngineError("nobody answers")

    judging: Any = SimpleNamespace(fingerprint=fingerprint)
    project: Any = SimpleNamespace()
    judged: Any = SimpleNamespace(suite="s", name="judged", judged=True)
    plain: Any = SimpleNamespace(suite="s", name="plain", judged=False)
    tasks = JudgedTasks(judging, project, [judged, plain])
    assert not asked
    tasks.check_usable()
    assert tasks.refusal(judged) == "the judge cannot be used: nobody answers"
    assert tasks.refusal(plain) is None
    JudgedTasks(judging, project, [plain]).check_usable()
    assert len(asked) == 1
