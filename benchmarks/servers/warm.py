"""What every check needs, read once when this is imported, so that processes fork it."""

from __future__ import annotations

import evaluate  # noqa: F401
import lm_eval.tasks  # noqa: F401
import transformers.pipelines

import evalguard.config
import evalguard.engines.endpoint.engine
import evalguard.runner.check  # noqa: F401
from benchmarks.servers.texts import tokenizer
from evalguard.demo import model_path

transformers.AutoTokenizer.from_pretrained(str(model_path()))
tokenizer()
