"""``python -m evalguard`` is the ``evalguard`` command."""

import sys

from evalguard.cli import main

sys.exit(main())
