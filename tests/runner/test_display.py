"""What a check shows while a server is waited for."""

import io

from rich.console import Console

from evalguard.engines.base import Waiting
from evalguard.runner.display import display, waiting_line
from evalguard.runner.measured import Progress

WAITING = Waiting("http://host/v1", "status 503: Loading\n  model", seconds=12.4, left=167.6)


def test_the_line_says_whom_how_long_and_why():
    assert waiting_line(WAITING) == (
        "waiting for http://host/v1 for 12 s, giving up in 168 s: status 503: Loading model"
    )


def test_a_terminal_shows_it_beside_the_bar():
    output = io.StringIO()
    with display(Console(file=output, force_terminal=True, width=120)) as show:
        show(Progress(stage="asking", waiting=WAITING))
    assert "asking" in output.getvalue()
    assert waiting_line(WAITING) in output.getvalue()


def test_without_a_terminal_it_is_one_line_a_minute(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("evalguard.runner.display.time.monotonic", lambda: now)
    output = io.StringIO()
    with display(Console(file=output, width=40)) as show:
        for _ in range(119):
            show(Progress(waiting=WAITING))
            show(Progress())
            now += 1
    assert output.getvalue().splitlines() == [waiting_line(WAITING)] * 2


def test_a_short_pause_is_no_line(monkeypatch):
    output = io.StringIO()
    with display(Console(file=output)) as show:
        show(Progress(waiting=Waiting("http://host/v1", "status 429", seconds=2, left=20)))
    assert output.getvalue() == ""
