"""What is asked of the scripted server, and what it replies."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.servers import rules
from benchmarks.servers.texts import prompts

CLOSED_UNTIL = "closed until"
"""Note of the monotonic time until which the server refuses connections."""


@dataclass(slots=True)
class Traffic:
    """What a server has seen so far; behaviours that depend on time or number read it.

    Attributes:
        started: Monotonic time of the start.
        active: Requests under way.
        connections: Connections that were opened.
        by_model: Requests answered or refused, by the model that was asked for.
        touched: Model and prompt of each question that a behaviour answered in its own way.
        notes: What behaviours remember, by a name of theirs.
        asks: Every request, in order.
        faults: Tracebacks of behaviours that are broken themselves.
        lock: Held while any of these changes.
    """

    started: float = field(default_factory=time.monotonic)
    active: int = 0
    connections: int = 0
    by_model: Counter[str] = field(default_factory=Counter)
    touched: set[tuple[str, str]] = field(default_factory=set)
    notes: dict[Any, Any] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def first_time(self, *key: object) -> bool:
        """Whether something happens for the first time."""
        with self.lock:
            seen = self.notes.setdefault("seen", set())
            new = key not in seen
            seen.add(key)
            return new


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    Attributes:
        path: Path with the query.
        headers: Names in lower case.
        body: The JSON body; empty for GET.
        number: Position among all requests with a body, from 1.
        of_model: Position among those for the same model, from 1.
        active: Requests under way, this one included.
        connection: Number of the connection that it came by, from 1.
        traffic: What the server has seen.
    """

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    number: int = 0
    of_model: int = 0
    active: int = 1
    connection: int = 1
    traffic: Traffic

    @property
    def model(self) -> str:
        """The model that is asked for."""
        return str(self.body.get("model", ""))

    @property
    def is_chat(self) -> bool:
        """Whether messages are sent."""
        return "messages" in self.body

    @property
    def is_echo(self) -> bool:
        """Whether the prompt is to be repeated, for its log-probabilities."""
        return bool(self.body.get("echo"))

    @property
    def prompt(self) -> str:
        """The text of the prompt; of a batch, of the first."""
        return prompts(self.body)[0]

    @property
    def is_question(self) -> bool:
        """Whether the prompt is one of a suite."""
        return rules.is_question(self.prompt)

    def asking(self, **changes: Any) -> Ask:
        """Return the request with other fields in its body; ``None`` takes one out."""
        body = {**self.body, **changes}
        return replace(self, body={k: v for k, v in body.items() if v is not None})

    def chosen(self, of_questions: float) -> bool:
        """Whether this is among the questions that a behaviour is for; remembers that it is.

        The choice depends on the prompt alone: it is the same for every model and every retry.
        """
        asked = self.is_question
        if self.is_echo:  # and not the prompt alone, without an answer
            asked = rules.last_is_likely(self.model, self.prompt) is not None
        chosen = asked and rules.share("chosen", self.prompt) < of_questions
        if chosen:
            self.touch()
        return chosen

    def touch(self) -> None:
        """Remember that this question got an answer of the behaviour's own."""
        with self.traffic.lock:
            self.traffic.touched.add((self.model, self.prompt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response.

    Attributes:
        status: HTTP status.
        body: What goes out as JSON, unless ``raw`` is given.
        headers: Further headers.
        raw: The bytes of the body.
        content_type: Value of that header.
        delay_seconds: Time before the first byte.
        cut: Whether the connection closes after half of the body.
        reset: Whether the connection is reset without any answer.
        close: Whether the end of the connection is that of the body, whose length nothing says.
    """

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    content_type: str = "application/json"
    delay_seconds: float = 0.0
    cut: bool = False
    reset: bool = False
    close: bool = False

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        return json.dumps(self.body).encode() if self.raw is None else self.raw

    def choice(self, *remove: str, **changes: Any) -> Reply:
        """Return the reply with other fields in each choice.

        Args:
            remove: Fields to take out.
            changes: Fields to set.
        """
        if self.status != 200:
            return self
        choices = [
            {k: v for k, v in {**choice, **changes}.items() if k not in remove}
            for choice in self.body["choices"]
        ]
        return replace(self, body={**self.body, "choices": choices})

    def said(self, text: Any, finish_reason: str | None, **fields: Any) -> Reply:
        """Return the reply with another text and reason, and further fields beside the text."""
        if self.status != 200:
            return self
        first = self.body["choices"][0]
        if "message" not in first:
            return self.choice(text=text, finish_reason=finish_reason, **fields)
        message = {**first["message"], "content": text, **fields}
        return self.choice(message=message, finish_reason=finish_reason)

    @property
    def text(self) -> str:
        """The text of the first choice."""
        first = self.body["choices"][0]
        text = first["message"]["content"] if "message" in first else first["text"]
        return str(text)


Plain = Callable[[Ask], Reply]
"""Answers as a faultless server does."""


def problem(status: int, message: str, **fields: Any) -> Reply:
    """Return an error in OpenAI's form."""
    headers = fields.pop("headers", ())
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Reply(status=status, body={"error": error | fields}, headers=headers)
