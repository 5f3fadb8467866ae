"""What renders and counts the prompts of each model, and whether a candidate gets the same."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from evalguard.config import BASELINE, JUDGE, ModelSpec, Project
from evalguard.engines.chat import (
    PROMPTS_VERSION,
    AnyTokenizer,
    PromptTokenizer,
    UnknownTokenizer,
    as_messages,
    has_tokenizer,
    lone_template,
)
from evalguard.errors import ModelError
from evalguard.runner.model_thinking import (
    FACTS_VERSION,
    NO_FACTS,
    find_thinking,
    template_facts,
)
from evalguard.scorers.thinking import Thinking
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.base import Render


class Models(Protocol):
    """What prompts depend on: who serves a model, and its fingerprint."""

    def is_remote(self, name: str) -> bool:
        """Whether a model is a name on a server."""

    def is_only_served(self, spec: ModelSpec) -> bool:
        """Whether a model is known to a server alone, by its name."""

    def fingerprint(self, name: str) -> str:
        """Return the key under which the model's samples are stored."""


class ModelPrompts:
    """How the prompts of a check's models are made, and how their answers are told from thinking.

    Args:
        project: The project.
        specs: Models by name.
        store: Remembers what was seen of a template or tokenizer.
        models: The models.
    """

    def __init__(
        self,
        project: Project,
        specs: Mapping[str, ModelSpec],
        store: SampleStore,
        models: Models,
    ) -> None:
        self._project = project
        self._specs = specs
        self._store = store
        self._models = models
        self._tokenizers: dict[tuple[str, str | None, bool], PromptTokenizer] = {}
        self._unknown_tokenizer = UnknownTokenizer()
        self._thinking: dict[str, Thinking] = {}

    def tokenizer(self, name: str) -> AnyTokenizer:
        """Return the tokenizer that a model's prompts go through."""
        spec = self._specs[name]
        if self._has_no_tokenizer(spec):
            return self._unknown_tokenizer
        key = (spec.tokenizer or spec.model, spec.revision, spec.trust_remote_code)
        if key not in self._tokenizers:
            self._tokenizers[key] = PromptTokenizer(
                key[0], revision=spec.revision, trust_remote_code=spec.trust_remote_code
            )
        return self._tokenizers[key]

    def thinking(self, name: str) -> Thinking:
        """Return how a model's thinking is separated from its answers."""
        if name not in self._thinking:
            rendered = name == JUDGE or self.render is not None
            spec = self._specs[name]
            facts = self._template_facts(spec)
            self._thinking[name] = find_thinking(spec, facts, rendered=rendered)
        return self._thinking[name]

    def thinking_fingerprint(self, name: str) -> str:
        """Return the hash of how a model's thinking is separated from its answers."""
        return fingerprint(self.thinking(name).definition)

    def _template_facts(self, spec: ModelSpec) -> Mapping[str, Any]:
        """Return what a model's chat template tells of thinking, remembered from before."""
        if self._has_no_tokenizer(spec):
            return NO_FACTS
        source = spec.tokenizer or spec.model
        local = Path(source).is_dir()
        files = self._store.folder_fingerprint(source) if local else f"{source}@{spec.revision}"
        key = fingerprint({"thinking": files, "version": FACTS_VERSION})
        facts = self._store.fingerprint_description(key)
        if not facts.keys() >= NO_FACTS.keys():  # some may have been removed from the store
            try:
                facts = template_facts(self.tokenizer(spec.name))
            except ModelError:
                if not self._models.is_remote(spec.name):
                    raise
                return NO_FACTS  # a hosted model may keep its tokenizer to itself
            self._store.describe_fingerprint(key, facts)
        return facts

    def renders_chats(self, name: str) -> bool:
        """Whether a model's chat template is applied here, and not by the server that it is on."""
        return not self.is_sent_chats(name) and self.tokenizer(name).has_chat_template

    def is_sent_chats(self, name: str) -> bool:
        """Whether a model is on a server that is asked by chat messages."""
        spec = self._specs[name]
        return self._models.is_remote(name) and spec.engine.options.get("api") == "chat"

    def _has_no_tokenizer(self, spec: ModelSpec) -> bool:
        """Whether only the server knows how a model's prompts are cut into tokens."""
        chats = self.is_sent_chats(spec.name)
        return chats and not spec.tokenizer and self._models.is_only_served(spec)

    @cached_property
    def prompt_fingerprint(self) -> str:
        """Hash of the tokenizer and template that make the baseline's prompts."""
        spec = self._specs[BASELINE]
        if self._has_no_tokenizer(spec):
            return fingerprint({"prompts": "rendered by the server"})
        source = spec.tokenizer or spec.model
        local = Path(source).is_dir()
        files = self._store.folder_fingerprint(source) if local else f"{source}@{spec.revision}"
        return fingerprint({"prompts": files})

    @cached_property
    def render(self) -> Render | None:
        """What applies the baseline's chat template; ``None`` for plain prompts.

        The tokenizer is loaded when the first prompt is rendered.

        Raises:
            ModelError: If the project demands a chat template that the tokenizer does not have.
        """
        wanted = self._project.config.chat_template
        if self.is_sent_chats(BASELINE):
            return as_messages if wanted else None  # the server applies its template
        remembered = self._store.fingerprint_description(self.prompt_fingerprint)
        has_template = remembered.get("has_chat_template")
        if has_template is None:
            has_template = self.tokenizer(BASELINE).has_chat_template
            self._store.describe_fingerprint(
                self.prompt_fingerprint, {"has_chat_template": has_template}
            )
        if wanted is True and not has_template:
            raise ModelError(
                f"{self._project.path}: chat_template: true, but the baseline's tokenizer has no "
                f"chat template. Set it to false, or use an instruction-tuned model."
            )
        if not (has_template if wanted == "auto" else wanted):
            return None
        return lambda *args, **options: self.tokenizer(BASELINE).render(*args, **options)

    @cached_property
    def rendering(self) -> str:
        """Hash of how prompts are made: by which tokenizer, and plain, templated or as messages."""
        render = self.render
        how = {None: "plain", as_messages: "messages"}.get(render, "template")
        return fingerprint({"prompts": self.prompt_fingerprint, "rendered": how})

    def check_prompts(self, name: str) -> None:
        """Check that a candidate gets the baseline's prompts, token by token.

        What passed once is remembered for as long as no file of either model changes.

        Raises:
            TrustError: If its template or tokenizer, or the one saved with its adapter, differs.
        """
        seen = f"{self.prompt_fingerprint}:{PROMPTS_VERSION}"
        key, fact = self._models.fingerprint(name), {"prompts_match": seen}
        if fact.items() <= self._store.fingerprint_description(key).items():
            return
        baseline, spec = self.tokenizer(BASELINE), self._specs[name]
        own = self.tokenizer(name)
        if own is not baseline:
            baseline.check_same(own, spec.tokenizer or spec.model)
        if spec.adapter and has_tokenizer(Path(spec.adapter)):
            baseline.check_same(PromptTokenizer(spec.adapter), spec.adapter)
        elif spec.adapter and (template := lone_template(Path(spec.adapter))) is not None:
            baseline.check_template(template, spec.adapter)
        self._store.describe_fingerprint(key, fact)
