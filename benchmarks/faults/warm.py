"""What every command needs, read once when this is imported, so that processes fork it."""

from __future__ import annotations

import lm_eval.tasks  # noqa: F401
import pytest  # noqa: F401
import torch
import transformers.pipelines  # noqa: F401

import benchmarks.faults.classes  # noqa: F401
import evalguard.cli.check
import evalguard.config
import evalguard.engines.hf
import evalguard.reports.terminal
import evalguard.runner.check  # noqa: F401

torch.set_num_threads(1)
