"""``python -m evalguard`` is the ``evalguard`` command."""

from evalguard.cli import run

run()
