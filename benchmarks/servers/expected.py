"""What a check has to make of each behaviour.

The rule behind all of it: whatever a response says is read; an answer without a text, or one that
was cut short, filtered, or given in another form, is not measured, and the server's own words say
why; what the server ignores is done by the client, or is an error; who answers is proven against
the server's own noise; what passes by waiting is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks.servers.behaviours import BEHAVIOURS, Behaviour
from benchmarks.servers.behaviours.parameters import MANY_STOPS
from benchmarks.servers.behaviours.spellings import API_VERSION, AZURE_PATH, TENANT_VARIABLE
from benchmarks.servers.project import Setup


class Target(StrEnum):
    """What may come of a check."""

    RIGHT = "right value"  # every sample scores as on a faultless server
    UNMEASURED = "not measured"  # the samples in question are missing, the others are right
    ERROR = "one error"  # one message, in which the server is heard


RIGHT, UNMEASURED, ERROR = Target.RIGHT, Target.UNMEASURED, Target.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, what is asked of it, and what may come of that.

    Attributes:
        behaviour: What the server does.
        setup: What is asked.
        targets: What may come of it.
        words: Of these the message has to hold one, where samples or all are not measured.
        variant: What tells the case from others on the same behaviour; empty for the first.
        seconds: Time that each of the two checks may take.
    """

    behaviour: Behaviour
    setup: Setup
    targets: tuple[Target, ...]
    words: tuple[str, ...] = ()
    variant: str = ""
    seconds: float = 60.0

    @property
    def name(self) -> str:
        """Name of the row."""
        return self.behaviour.name + (f" ({self.variant})" if self.variant else "")


def _case(name: str, *targets: Target, **fields: Any) -> Case:
    """Return a case; what :class:`Case` has no field for belongs to its setup."""
    own = {key: fields.pop(key) for key in ("variant", "words", "seconds") if key in fields}
    return Case(behaviour=BEHAVIOURS[name], setup=Setup(**fields), targets=targets, **own)


_STOP = {"stop": ["\n"]}
_LONG = {"prompt": "Consider this with care. " * 20 + "{{ q }}"}
_MANY_STOPS = {"stop": list(MANY_STOPS)}
_TEXT = {"api": "completions"}
_ECHO = {"api": "completions", "kind": "choices"}
_CONTEXT = {"max_length": 512}
_VOUCHED = {"options": {"trust_route": True}}

CASES: tuple[Case, ...] = (
    _case("plain", RIGHT),
    _case("plain", RIGHT, variant="completions", **_TEXT),
    _case("plain", RIGHT, variant="choices", **_ECHO),
    _case("plain", RIGHT, variant="samples", kind="stories"),
    _case("plain", RIGHT, variant="whole models", whole_models=True),
    _case("plain", RIGHT, ERROR, variant="one name for all", whole_models=True,
          options={"model": "base"}, words=("model", "base")),
    # S1
    _case("filter-empty", UNMEASURED, words=("content_filter",)),
    _case("filter-empty", UNMEASURED, words=("content_filter",), variant="completions", **_TEXT),
    _case("filter-partial", UNMEASURED, words=("content_filter",)),
    _case("filter-partial", UNMEASURED, words=("content_filter",), variant="completions", **_TEXT),
    _case("filter-prompt", UNMEASURED, words=("content policy",)),
    _case("content-null", UNMEASURED),
    _case("content-null", UNMEASURED, variant="completions", **_TEXT),
    _case("refusal-field", RIGHT, kind="refusals"),
    _case("reasoning-only", UNMEASURED, words=("length", "reasoning")),
    _case("reasoning-beside", RIGHT),
    _case("tool-calls", UNMEASURED, words=("tool_calls", "called a tool")),
    _case("tool-beside", UNMEASURED, words=("tool call",)),
    _case("error-200", UNMEASURED, words=("Provider returned error",)),
    _case("error-beside-text", UNMEASURED, words=("upstream died",)),
    _case("error-choice", UNMEASURED, words=("Upstream idle timeout exceeded",)),
    _case("own-limit", UNMEASURED, words=("length",)),
    _case("own-limit", UNMEASURED, words=("length",), variant="completions", **_TEXT),
    _case("asked-limit", RIGHT, kind="lists"),
    _case("asked-limit", RIGHT, kind="lists", variant="completions", **_TEXT),
    _case("finish-null", RIGHT),
    _case("finish-eos", RIGHT),
    _case("finish-abort", UNMEASURED, words=("abort",)),
    _case("finish-other", UNMEASURED, words=("insufficient_system_resource",)),
    _case("usage-missing", RIGHT),
    _case("content-parts", RIGHT, UNMEASURED),
    _case("content-dict", RIGHT, UNMEASURED),
    _case("content-number", RIGHT, UNMEASURED),
    _case("choices-empty", UNMEASURED),
    _case("choices-missing", UNMEASURED),
    _case("choices-dict", RIGHT, UNMEASURED),
    _case("message-missing", UNMEASURED),
    _case("text-misplaced", RIGHT, UNMEASURED),
    _case("text-misplaced", RIGHT, UNMEASURED, variant="completions", **_TEXT),
    _case("two-choices", RIGHT, UNMEASURED),
    _case("order-reversed", RIGHT, variant="completions", **_TEXT),
    _case("order-reversed", RIGHT, variant="choices", **_ECHO),
    _case("order-reversed", RIGHT, variant="samples", kind="stories"),
    _case("body-list", RIGHT, UNMEASURED),
    _case("body-text", RIGHT, UNMEASURED),
    _case("body-html", UNMEASURED, words=("Sign in to the gateway", "Session expired")),
    _case("body-empty", UNMEASURED),
    _case("body-stream", RIGHT, UNMEASURED),
    _case("streams-always", RIGHT),
    _case("streams-always", RIGHT, variant="completions", **_TEXT),
    _case("streams-only", RIGHT),
    _case("streams-only", RIGHT, variant="samples", kind="stories"),
    _case("streams-all-so-far", ERROR, words=("streams its answers",)),
    _case("streams-cut", UNMEASURED, words=("ended before the answer did",)),
    _case("first-flagged", RIGHT),
    _case("first-flagged", RIGHT, variant="completions", **_TEXT),
    _case("first-flagged", RIGHT, variant="samples", kind="stories"),
    _case("first-502", RIGHT),
    _case("first-502", RIGHT, variant="samples", kind="stories"),
    _case("first-tool", RIGHT),
    _case("first-empty", RIGHT),
    _case("few-flagged", ERROR, words=("Input was flagged",)),
    _case("body-bom", RIGHT),
    _case("body-comments", RIGHT),
    _case("body-gzip", RIGHT),
    _case("body-mislabelled", UNMEASURED, words=("decompress",)),
    _case("body-trailing-comma", UNMEASURED, words=("JSON",)),
    _case("body-two", UNMEASURED, words=("JSON",)),
    _case("body-to-the-end", RIGHT),
    _case("keys-twice", UNMEASURED, words=("two values",)),
    _case("usage-text", RIGHT, kind="lists"),
    _case("twins", UNMEASURED, words=("several choices",)),
    _case("role-model", RIGHT),
    _case("token-ids", UNMEASURED, words=("unknown format",)),
    _case("end-token", RIGHT),
    _case("end-token", RIGHT, variant="completions", **_TEXT),
    _case("repeats-prompt", ERROR, words=("prompt",)),
    _case("repeats-prompt", ERROR, words=("prompt",), variant="completions", **_TEXT),
    _case("native-reason", UNMEASURED, words=("MAX_TOKENS",)),
    _case("native-reason-harmless", RIGHT),
    _case("incomplete-details", UNMEASURED, words=("max_output_tokens", "incomplete")),
    _case("output-items", RIGHT, UNMEASURED),
    _case("done-reason", UNMEASURED),
    _case("delta-of-a-choice", RIGHT, UNMEASURED),
    _case("filter-results", UNMEASURED, words=("filter",)),
    _case("object-error", UNMEASURED, words=("engine is dead",)),
    _case("status-of-its-own", UNMEASURED, words=("new_sensitive",)),
    _case("thinking-parts", RIGHT),
    _case("function-beside", UNMEASURED, words=("tool call",)),
    _case("reasons-in-capitals", UNMEASURED, words=("MAX_TOKENS",)),
    _case("index-as-text", RIGHT),
    _case("accepted", UNMEASURED, words=("pending-evaluation", "202")),
    _case("nulls-beside", RIGHT),
    _case("caps-answers", UNMEASURED, ERROR, words=("answer at 9 tokens (12",), kind="lists"),
    _case("caps-answers", UNMEASURED, ERROR, words=("answer at 9 tokens (12",),
          variant="completions", kind="lists", **_TEXT),
    _case("caps-answers", RIGHT, variant="short answers"),
    _case("caps-uncounted", UNMEASURED, ERROR, words=("answer at about",), kind="lists",
          task={"max_new_tokens": 64}),
    _case("caps-adapters", UNMEASURED, ERROR, words=("answer at 9 tokens (12",), kind="lists"),
    _case("one-form", RIGHT),
    _case("one-form", RIGHT, variant="completions", **_TEXT),
    _case("guardrail", UNMEASURED, words=("guardrail_intervened",)),
    _case("guardrail-beside", UNMEASURED, words=("filtered",)),
    _case("finish-object", UNMEASURED, words=("length",)),
    _case("generated-text", UNMEASURED, words=("length", "unknown format")),
    _case("stop-reason-max-tokens", UNMEASURED, words=("max_tokens",)),
    _case("stop-reason-matched", RIGHT),
    _case("reasoning-encrypted", UNMEASURED, words=("reasoning",)),
    _case("hidden-reasoning", RIGHT),
    _case("hidden-reasoning-only", UNMEASURED),
    _case("throttled-400", RIGHT),
    _case("unloaded", RIGHT),
    # S2
    _case("think-inline", RIGHT),
    _case("think-end-only", RIGHT, ERROR),
    _case("think-unclosed", UNMEASURED),
    _case("think-empty", RIGHT),
    # S3
    _case("needs-stop", RIGHT, task=_STOP),
    _case("needs-stop", RIGHT, task=_MANY_STOPS, variant="six stops"),
    _case("ignores-stop", RIGHT, ERROR, task=_STOP, words=("stop",)),
    _case("refuses-fifth-stop", RIGHT, ERROR, task=_MANY_STOPS, words=("stop",)),
    _case("drops-fifth-stop", RIGHT, ERROR, task=_MANY_STOPS, words=("stop",)),
    _case("keeps-stop", RIGHT, task=_STOP),
    _case("ignores-temperature", ERROR, kind="stories", words=("temperature", "sampl")),
    _case("samples-always", ERROR, words=("temperature",)),
    _case("samples-always", ERROR, words=("temperature",), variant="completions", **_TEXT),
    _case("ignores-max-tokens", RIGHT, ERROR, kind="lists", words=("max",)),
    _case("ignores-max-tokens", RIGHT, ERROR, kind="lists", words=("max",), variant="completions",
          **_TEXT),
    _case("ignores-seed", RIGHT, kind="stories"),
    _case("ignores-n", RIGHT, kind="stories"),
    _case("one-seed", ERROR, kind="stories", words=("seed", "temperature", "sampl")),
    _case("cache-by-model", ERROR, kind="stories", words=("temperature",)),
    # S4
    _case("fallback-exact", ERROR, words=("good", "bad")),
    _case("fallback-exact", ERROR, words=("good", "bad"), variant="whole models",
          whole_models=True),
    _case("fallback-exact", ERROR, words=("good", "bad"), variant="choices", **_ECHO),
    _case("fallback-noisy", ERROR, words=("good", "bad")),
    _case("fallback-noisy", ERROR, words=("good", "bad"), variant="whole models",
          whole_models=True),
    _case("fallback-rare", ERROR, words=("good", "bad")),
    _case("noisy-honest", RIGHT),
    _case("suite-to-base", ERROR, words=("last digit",)),
    _case("suite-to-base", ERROR, words=("last digit",), variant="whole models",
          whole_models=True),
    _case("suite-to-base", ERROR, words=("last digit",), variant="choices", **_ECHO),
    _case("suite-to-base", ERROR, words=("last digit",), variant="completions", **_TEXT),
    _case("suite-to-base-silent", UNMEASURED, words=("cannot verify",), **_VOUCHED),
    _case("suite-to-base-silent", UNMEASURED, words=("cannot verify",), variant="whole models",
          whole_models=True, **_VOUCHED),
    _case("suite-to-base-silent", UNMEASURED, words=("cannot verify",), kind="refusals",
          variant="refusals", **_VOUCHED),
    _case("suite-to-base-varied", UNMEASURED, words=("cannot verify",), **_VOUCHED),
    _case("suite-to-base-noisy", UNMEASURED,
          words=("cannot verify", "a part of the prompts")),
    _case("echo-suite-to-base-noisy", UNMEASURED, words=("log-probabilities on",), **_ECHO),
    # Of the candidate that is as good, the answers are the base's.
    _case("unscored-to-base", RIGHT, UNMEASURED, words=("requests of this form",)),
    _case("unscored-to-base", RIGHT, UNMEASURED, words=("requests of this form",),
          variant="whole models", whole_models=True),
    _case("unscored-to-base", RIGHT, UNMEASURED, words=("requests of this form",),
          variant="samples", kind="stories"),
    _case("generations-to-base", UNMEASURED, words=("requests of this form",), **_TEXT),
    _case("medium-to-base", UNMEASURED, words=("requests of this form",)),
    _case("drawn-to-base", UNMEASURED, words=("requests of this form",), kind="stories"),
    _case("cache-but-scored", RIGHT, UNMEASURED, words=("requests of this form",)),
    # What the baseline was given is a candidate's.
    _case("base-from-cache", UNMEASURED, words=("of this form",)),
    _case("base-from-cache", UNMEASURED, words=("of this form",), variant="whole models",
          whole_models=True),
    _case("base-from-cache", UNMEASURED, words=("of this form",), variant="completions", **_TEXT),
    _case("base-from-cache-silent", UNMEASURED, words=("of this form",), **_VOUCHED),
    _case("base-values-from-cache", UNMEASURED, ERROR, words=("of this form",), **_ECHO),
    _case("candidate-from-cache", RIGHT, UNMEASURED, words=("of this form",)),
    _case("candidate-from-cache", RIGHT, UNMEASURED, words=("of this form",), variant="beside it",
          both=True),
    _case("one-candidate", UNMEASURED, words=("under both names",), both=True),
    _case("one-candidate", UNMEASURED, words=("under both names",), variant="whole models",
          both=True, whole_models=True),
    _case("one-candidate-noisy", UNMEASURED, words=("under both names",), both=True),
    _case("plain", RIGHT, variant="two candidates", both=True),
    _case("noisy-values", RIGHT, variant="two candidates", both=True),
    _case("connections-to-base", UNMEASURED, ERROR, words=("a part of the prompts", "good", "bad")),
    _case("later-connections-to-base", UNMEASURED, ERROR, words=("base",)),
    _case("busy-to-base", UNMEASURED, ERROR, words=("base",)),
    _case("first-to-base", UNMEASURED, words=("baseline",)),
    _case("retried-to-base", UNMEASURED, ERROR, words=("base",)),
    _case("quarter-to-base", UNMEASURED, ERROR, words=("base",)),
    _case("odd-lengths-to-base", UNMEASURED, ERROR, words=("base",)),
    _case("half-to-base-silent", UNMEASURED, ERROR, **_VOUCHED),
    _case("own-cache", RIGHT),
    _case("values-change-few", RIGHT),
    _case("replicas-round", RIGHT),
    _case("values-on-half", RIGHT, UNMEASURED, words=("no usable",)),
    _case("refuses-values", RIGHT, **_VOUCHED),
    _case("short-values", RIGHT),
    _case("seeds-change-few", RIGHT),
    _case("part-to-base", UNMEASURED, words=("a part of the prompts",)),
    _case("part-to-base", UNMEASURED, words=("a part of the prompts",), variant="choices", **_ECHO),
    _case("fallback-cached", UNMEASURED, ERROR, words=("cannot verify", "good", "bad")),
    _case("above-quota-to-base", UNMEASURED, words=("a part of the prompts",)),
    _case("noisy-values", RIGHT),
    _case("silent-honest", RIGHT, **_VOUCHED),
    _case("silent-honest", RIGHT, variant="whole models", whole_models=True, **_VOUCHED),
    _case("silent-honest", UNMEASURED, words=("trust_route",), variant="unvouched"),
    _case("silent-honest", UNMEASURED, words=("trust_route",), variant="unvouched, whole models",
          whole_models=True),
    _case("refuses-values", UNMEASURED, words=("trust_route",), variant="unvouched"),
    _case("part-to-base-silent", UNMEASURED, words=("trust_route",)),
    _case("part-to-base-silent", UNMEASURED, words=("trust_route",), variant="whole models",
          whole_models=True),
    _case("part-to-base-silent", UNMEASURED, words=("trust_route",), variant="completions",
          options={"tokenized_requests": False}, **_TEXT),
    _case("twentieth-to-base-silent", UNMEASURED, words=("trust_route",)),
    _case("one-candidate-silent", UNMEASURED, words=("trust_route",), both=True),
    _case("silent-terse", RIGHT, UNMEASURED, **_VOUCHED),
    _case("part-to-base-rounded", UNMEASURED, words=("a part of the prompts", "trust_route")),
    _case("fallback-in-header", UNMEASURED, words=("fallback",), **_VOUCHED),
    _case("named-two-ways", ERROR, words=("one deployment",)),
    _case("router-half", ERROR, words=("good", "bad")),
    _case("evicted", ERROR, words=("good", "bad")),
    _case("evicted-said", ERROR, UNMEASURED, words=("base",)),
    _case("named-otherwise", ERROR, UNMEASURED, words=("base",)),
    _case("named-with-date", RIGHT),
    _case("named-elsewhere", UNMEASURED, words=("auto-mini",)),
    _case("cache-by-prompt", ERROR, words=("good", "bad")),
    _case("keeps-prompts", ERROR, words=("prompt cache for another",)),
    _case("keeps-prompts", ERROR, words=("prompt cache for another",), variant="whole models",
          whole_models=True),
    _case("keeps-prompts", ERROR, words=("prompt cache for another",), variant="completions",
          **_TEXT),
    _case("keeps-prompts", ERROR, words=("prompt cache for another",), variant="one at a time",
          options={"num_concurrent": 1}),
    _case("keeps-prompts-timings", ERROR, words=("prompt cache for another",)),
    _case("keeps-prompts-hits", ERROR, words=("prompt cache for another",)),
    _case("keeps-own-prompts", RIGHT),
    _case("keeps-own-prompts", RIGHT, variant="choices", **_ECHO),
    _case("one-model-refused", ERROR, words=("no access",)),
    _case("swaps", ERROR, words=("concurrent",)),
    _case("swaps", RIGHT, options={"num_concurrent": 1}, variant="one at a time"),
    _case("echo-fallback-noisy", ERROR, words=("good", "bad"), **_ECHO),
    # S5
    _case("echo-generated-only", ERROR, **_ECHO),
    _case("echo-no-generated", RIGHT, ERROR, **_ECHO),
    _case("echo-no-top", RIGHT, ERROR, **_ECHO),
    _case("echo-null-top", RIGHT, ERROR, **_ECHO),
    _case("echo-null", ERROR, words=("logprob", "log-prob", "log-likelihood"), **_ECHO),
    _case("echo-content", ERROR, words=("logprob", "log-prob", "log-likelihood"), **_ECHO),
    _case("echo-ignored", ERROR, **_ECHO),
    _case("echo-refused", ERROR, words=("at the same time is not supported",), **_ECHO),
    _case("echo-floor", UNMEASURED, ERROR, words=("-9999",), **_ECHO),
    _case("echo-nan", UNMEASURED, ERROR, words=("NaN", "nan", "number"), **_ECHO),
    _case("echo-null-inside", UNMEASURED, ERROR, **_ECHO),
    _case("echo-bos", RIGHT, ERROR, **_ECHO),
    _case("echo-other-vocabulary", RIGHT, ERROR, words=("token",), **_ECHO),
    _case("echo-whole-words", RIGHT, ERROR, words=("token",), **_ECHO),
    _case("echo-shifted-offsets", RIGHT, ERROR, **_ECHO),
    _case("echo-shifted-values", ERROR, **_ECHO),
    _case("echo-next-values", ERROR, words=("do not belong to the tokens",), **_ECHO),
    _case("echo-positive", ERROR, words=("positive", "above 0", "greater than 0", "log"), **_ECHO),
    _case("echo-ranks", ERROR, words=("positive", "above 0", "greater than 0", "log"), **_ECHO),
    _case("echo-zeros", ERROR, **_ECHO),
    _case("echo-constant", ERROR, **_ECHO),
    _case("echo-infinite", RIGHT, UNMEASURED, ERROR, **_ECHO),
    _case("echo-strings", RIGHT, ERROR, **_ECHO),
    _case("echo-cut", ERROR, **_ECHO),
    _case("usage-constant", RIGHT),
    _case("usage-constant", RIGHT, variant="long prompts", task=_LONG),
    _case("usage-constant", RIGHT, kind="lists", variant="completions", **_TEXT),
    _case("usage-three", RIGHT),
    _case("usage-nan", RIGHT),
    _case("usage-negative", RIGHT, variant="long prompts", task=_LONG),
    _case("usage-new-only", RIGHT, variant="long prompts", task=_LONG),
    _case("usage-new-only", RIGHT, variant="long prompts, completions", task=_LONG, **_TEXT),
    _case("chinese", RIGHT),
    _case("chinese", RIGHT, variant="completions", **_TEXT),
    _case("cuts-prompts", ERROR, words=("truncated the prompt at 48 tokens",), task=_LONG),
    _case("cuts-prompts", ERROR, words=("read 48 of the",), task=_LONG, variant="completions",
          **_TEXT),
    _case("cuts-prompts", RIGHT, variant="short prompts"),
    _case("plain", RIGHT, variant="long prompts", task=_LONG),
    # S6
    _case("retry-after-seconds", RIGHT),
    _case("retry-after-date", RIGHT),
    _case("retry-unsaid", RIGHT),
    _case("retry-in-message", RIGHT),
    _case("limited-in-200", RIGHT),
    _case("burst-503", RIGHT),
    _case("burst-529", RIGHT),
    _case("burst-page", RIGHT),
    _case("loading", RIGHT),
    _case("one-slot", RIGHT, options={"num_concurrent": 1}),
    _case("one-slot", RIGHT, variant="unasked"),
    _case("cut-body", RIGHT),
    _case("connection-reset", RIGHT),
    _case("slow-first-byte", RIGHT),
    _case("hangs-once", RIGHT, options={"timeout": 5}),
    _case("restarts", RIGHT),
    _case("few-fail", UNMEASURED, words=("illegal memory access",)),
    _case("limited-for-ever", ERROR, UNMEASURED, words=("Rate limit",), options={"max_wait": 6}),
    _case("wrong-key", ERROR, words=("Incorrect API key provided",)),
    _case("quota", ERROR, UNMEASURED, words=("You exceeded your current quota",)),
    _case("too-long", UNMEASURED, words=("maximum context length is 16",)),
    # S7
    _case("max-completion", RIGHT),
    _case("no-seed", RIGHT),
    _case("no-stop", RIGHT, task=_STOP),
    _case("no-temperature", ERROR, words=("temperature",)),
    _case("strict-reasoner", ERROR, words=("temperature",), task=_STOP),
    _case("azure", RIGHT, engine=_CONTEXT, options={
        "base_url": f"ROOT{AZURE_PATH}{{model}}", "key_header": "api-key",
        "query": {"api-version": API_VERSION}}),
    _case("azure-v1", RIGHT, engine=_CONTEXT, options={
        "base_url": "ROOT/openai/v1", "key_header": "api-key"}),
    _case("no-list", RIGHT, engine=_CONTEXT),
    _case("no-list", RIGHT, ERROR, words=("max_length",), variant="no max_length"),
    _case("no-context", RIGHT, engine=_CONTEXT),
    _case("no-context", RIGHT, ERROR, words=("max_length",), variant="no max_length"),
    _case("context-in-meta", RIGHT, **_TEXT),
    _case("bare-list", RIGHT, engine=_CONTEXT),
    _case("moved-307", RIGHT),
    _case("moved-302", ERROR, words=("redirects",)),
    _case("moved-away", ERROR, words=("redirects",)),
    _case("moved-in-circles", ERROR, words=("redirected",)),
    _case("extra-field", RIGHT, options={"extra_body": {"tenant": "blue"}}),
    _case("extra-header", RIGHT, options={"headers_env": {"X-Tenant": TENANT_VARIABLE}}),
    _case("self-signed", RIGHT, options={"ca_cert_path": "CERTIFICATE"}),
    _case("self-signed", RIGHT, options={"verify_certificate": False}, variant="unverified"),
    _case("self-signed", ERROR, words=("certificate",), variant="no option"),
    _case("text-only", RIGHT, options={"tokenized_requests": False}, **_ECHO),
    _case("text-only", RIGHT, options={"tokenized_requests": False}, variant="completions",
          **_TEXT),
    _case("text-only", RIGHT, ERROR, words=("valid string",), variant="no option", **_ECHO),
    _case("one-prompt", RIGHT, **_ECHO),
)  # fmt: skip
"""Every behaviour at least once."""
