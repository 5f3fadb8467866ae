"""Parts of a GPU benchmark that end in every way a part can end."""

import os
import signal
import subprocess
import sys
import time

from benchmarks.gpu.records import Row, SkipPart, at_least


def good(context):
    yield at_least("speed", 1.0, 2.0)
    yield Row("device", "", context.device)


def raises(context):
    yield at_least("speed", 1.0, 2.0)
    raise MemoryError("CUDA out of memory")


def is_killed(context):
    yield at_least("speed", 1.0, 2.0)
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(context):
    """Hang with a process that it started; write that one's id to a file."""
    yield at_least("speed", 1.0, 2.0)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (context.work / "child").write_text(str(child.pid))
    time.sleep(600)


def skips(context):
    yield from ()
    raise SkipPart("needs a GPU")


def measures_nothing(context):
    yield from ()
