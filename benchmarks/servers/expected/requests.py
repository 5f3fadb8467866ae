"""What has to be made of servers that read requests in their own way (S3, S5, S7)."""

from __future__ import annotations

from benchmarks.servers.behaviours.parameters import MANY_STOPS
from benchmarks.servers.behaviours.spellings import API_VERSION, AZURE_PATH, TENANT_VARIABLE
from benchmarks.servers.expected.case import ECHO, ERROR, RIGHT, TEXT, UNMEASURED, Case, case

_STOP = {"stop": ["\n"]}
_LONG = {"prompt": "Consider this with care. " * 20 + "{{ q }}"}
_MANY_STOPS = {"stop": list(MANY_STOPS)}
_CONTEXT = {"max_length": 512}

REQUESTS: tuple[Case, ...] = (
    # S3
    case("needs-stop", RIGHT, task=_STOP),
    case("needs-stop", RIGHT, task=_MANY_STOPS, variant="six stops"),
    case("ignores-stop", RIGHT, ERROR, task=_STOP, words=("stop",)),
    case("refuses-fifth-stop", RIGHT, ERROR, task=_MANY_STOPS, words=("stop",)),
    case("drops-fifth-stop", RIGHT, ERROR, task=_MANY_STOPS, words=("stop",)),
    case("keeps-stop", RIGHT, task=_STOP),
    case("ignores-temperature", ERROR, kind="stories", words=("temperature", "sampl")),
    case("samples-always", ERROR, words=("temperature",)),
    case("samples-always", ERROR, words=("temperature",), variant="completions", **TEXT),
    case("ignores-max-tokens", RIGHT, ERROR, kind="lists", words=("max",)),
    case("ignores-max-tokens", RIGHT, ERROR, kind="lists", words=("max",), variant="completions",
          **TEXT),
    case("ignores-seed", RIGHT, kind="stories"),
    case("ignores-n", RIGHT, kind="stories"),
    case("one-seed", ERROR, kind="stories", words=("seed", "temperature", "sampl")),
    case("cache-by-model", ERROR, kind="stories", words=("temperature",)),
    # S5
    case("echo-generated-only", ERROR, **ECHO),
    case("echo-no-generated", RIGHT, ERROR, **ECHO),
    case("echo-no-top", RIGHT, ERROR, **ECHO),
    case("echo-null-top", RIGHT, ERROR, **ECHO),
    case("echo-null", ERROR, words=("logprob", "log-prob", "log-likelihood"), **ECHO),
    case("echo-content", ERROR, words=("logprob", "log-prob", "log-likelihood"), **ECHO),
    case("echo-ignored", ERROR, **ECHO),
    case("echo-refused", ERROR, words=("at the same time is not supported",), **ECHO),
    case("echo-floor", UNMEASURED, ERROR, words=("-9999",), **ECHO),
    case("echo-nan", UNMEASURED, ERROR, words=("NaN", "nan", "number"), **ECHO),
    case("echo-null-inside", UNMEASURED, ERROR, **ECHO),
    case("echo-bos", RIGHT, ERROR, **ECHO),
    case("echo-other-vocabulary", RIGHT, ERROR, words=("token",), **ECHO),
    case("echo-whole-words", RIGHT, ERROR, words=("token",), **ECHO),
    case("echo-shifted-offsets", RIGHT, ERROR, **ECHO),
    case("echo-shifted-values", ERROR, **ECHO),
    case("echo-next-values", ERROR, words=("do not belong to the tokens",), **ECHO),
    case("echo-positive", ERROR, words=("positive", "above 0", "greater than 0", "log"), **ECHO),
    case("echo-ranks", ERROR, words=("positive", "above 0", "greater than 0", "log"), **ECHO),
    case("echo-zeros", ERROR, **ECHO),
    case("echo-constant", ERROR, **ECHO),
    case("echo-infinite", RIGHT, UNMEASURED, ERROR, **ECHO),
    case("echo-strings", RIGHT, ERROR, **ECHO),
    case("echo-cut", ERROR, **ECHO),
    case("usage-constant", RIGHT),
    case("usage-constant", RIGHT, variant="long prompts", task=_LONG),
    case("usage-constant", RIGHT, kind="lists", variant="completions", **TEXT),
    case("usage-three", RIGHT),
    case("usage-nan", RIGHT),
    case("usage-negative", RIGHT, variant="long prompts", task=_LONG),
    case("usage-new-only", RIGHT, variant="long prompts", task=_LONG),
    case("usage-new-only", RIGHT, variant="long prompts, completions", task=_LONG, **TEXT),
    case("chinese", RIGHT),
    case("chinese", RIGHT, variant="completions", **TEXT),
    case("cuts-prompts", ERROR, words=("truncated the prompt at 48 tokens",), task=_LONG),
    case("cuts-prompts", ERROR, words=("read 48 of the",), task=_LONG, variant="completions",
          **TEXT),
    case("cuts-prompts", RIGHT, variant="short prompts"),
    case("plain", RIGHT, variant="long prompts", task=_LONG),
    # S7
    case("max-completion", RIGHT),
    case("no-seed", RIGHT),
    case("no-stop", RIGHT, task=_STOP),
    case("no-temperature", ERROR, words=("temperature",)),
    case("strict-reasoner", ERROR, words=("temperature",), task=_STOP),
    case("azure", RIGHT, engine=_CONTEXT, options={
        "base_url": f"ROOT{AZURE_PATH}{{model}}", "key_header": "api-key",
        "query": {"api-version": API_VERSION}}),
    case("azure-v1", RIGHT, engine=_CONTEXT, options={
        "base_url": "ROOT/openai/v1", "key_header": "api-key"}),
    case("no-list", RIGHT, engine=_CONTEXT),
    case("no-list", RIGHT, ERROR, words=("max_length",), variant="no max_length"),
    case("no-context", RIGHT, engine=_CONTEXT),
    case("no-context", RIGHT, ERROR, words=("max_length",), variant="no max_length"),
    case("context-in-meta", RIGHT, **TEXT),
    case("bare-list", RIGHT, engine=_CONTEXT),
    case("moved-307", RIGHT),
    case("moved-302", ERROR, words=("redirects",)),
    case("moved-away", ERROR, words=("redirects",)),
    case("moved-in-circles", ERROR, words=("redirected",)),
    case("extra-field", RIGHT, options={"extra_body": {"tenant": "blue"}}),
    case("extra-header", RIGHT, options={"headers_env": {"X-Tenant": TENANT_VARIABLE}}),
    case("self-signed", RIGHT, options={"ca_cert_path": "CERTIFICATE"}),
    case("self-signed", RIGHT, options={"verify_certificate": False}, variant="unverified"),
    case("self-signed", ERROR, words=("certificate",), variant="no option"),
    case("text-only", RIGHT, options={"tokenized_requests": False}, **ECHO),
    case("text-only", RIGHT, options={"tokenized_requests": False}, variant="completions",
          **TEXT),
    case("text-only", RIGHT, ERROR, words=("valid string",), variant="no option", **ECHO),
    case("one-prompt", RIGHT, **ECHO),
)  # fmt: skip
