"""Asks a server for what OpenAI's interface has, and sees what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from benchmarks.servers.real.served import Served

TIMEOUT = 120.0
HOT = {"temperature": 1.5}


class Asker:
    """Asks one model by one interface.

    Args:
        http: Client of the server.
        model: The model's name there.
        prompt: A text to continue, or what a user says.
        chat: Whether it is asked by chat messages.
    """

    def __init__(self, http: httpx.Client, model: str, prompt: str, *, chat: bool) -> None:
        self._http = http
        self.prompt = prompt
        self.chat = chat
        messages = [{"role": "user", "content": prompt}]
        prompts = {"messages": messages} if chat else {"prompt": prompt}
        self._body = {"model": model, **prompts, "max_tokens": 24, "temperature": 0}

    def choices(self, **fields: Any) -> list[dict[str, Any]]:
        """Return the choices of a response; a field that is ``None`` is not sent.

        Raises:
            httpx.HTTPStatusError: If the server refuses.
        """
        body = {name: value for name, value in (self._body | fields).items() if value is not None}
        response = self._http.post("chat/completions" if self.chat else "completions", json=body)
        response.raise_for_status()
        return list(response.json()["choices"])

    def text(self, **fields: Any) -> str:
        """Return the text of the first choice."""
        first = self.choices(**fields)[0]
        return str(first["message"]["content"] if "message" in first else first["text"])


Look = Callable[[Asker], bool]
"""Whether a model does something."""


def abilities(served: Served) -> dict[str, str]:
    """Return what a server's base does for each interface: ``yes``, ``no``, or ``refused``."""
    found = {}
    with httpx.Client(base_url=served.url, timeout=TIMEOUT) as http:
        for chat, prompt in ((True, served.says), (False, served.continues)):
            asker = Asker(http, served.names["base"], prompt, chat=chat)
            for name, look in LOOKS.items():
                if chat and name in COMPLETIONS_ALONE:
                    continue
                try:
                    done = "yes" if look(asker) else "no"
                except httpx.HTTPStatusError as error:
                    done = f"refused ({error.response.status_code})"
                found[f"{'chat' if chat else 'completions'}: {name}"] = done
    return found


def _is_steady(ask: Asker) -> bool:
    return len({ask.text() for _ in range(4)}) == 1


def _samples(ask: Asker) -> bool:
    return len({ask.text(**HOT, seed=seed) for seed in range(4)}) > 1


def _keeps_seeds(ask: Asker) -> bool:
    return _samples(ask) and len({ask.text(**HOT, seed=7) for _ in range(4)}) == 1


def _ends_at_stop(ask: Asker) -> bool:
    whole, stop = _with_stop(ask)
    return len(ask.text(stop=[stop])) < len(whole)


def _leaves_stop_out(ask: Asker) -> bool:
    whole, stop = _with_stop(ask)
    return ask.text(stop=[stop]) == whole.split(stop)[0]


def _with_stop(ask: Asker) -> tuple[str, str]:
    whole = ask.text()
    return whole, whole[len(whole) // 2 :][:3]


def _keeps_limit(field: str) -> Look:
    def look(ask: Asker) -> bool:
        return len(ask.text(**{"max_tokens": None, field: 3})) <= len(ask.text()) // 2

    return look


def _gives_several(ask: Asker) -> bool:
    return len(ask.choices(n=2, temperature=1)) == 2


def _gives_log_probabilities(ask: Asker) -> bool:
    fields = {"logprobs": True, "top_logprobs": 1} if ask.chat else {"logprobs": 1}
    return bool(ask.choices(**fields)[0].get("logprobs"))


def _echoes(ask: Asker) -> bool:
    first = ask.choices(echo=True, logprobs=1, max_tokens=1)[0]
    values = (first.get("logprobs") or {}).get("token_logprobs") or ()
    return len(values) > 2


LOOKS: Mapping[str, Look] = {
    "answers": lambda ask: bool(ask.text()),
    "the same at temperature 0": _is_steady,
    "samples at temperature 1.5": _samples,
    "the same for the same seed": _keeps_seeds,
    "ends at a stop string": _ends_at_stop,
    "leaves the stop string out": _leaves_stop_out,
    "max_tokens": _keeps_limit("max_tokens"),
    "max_completion_tokens": _keeps_limit("max_completion_tokens"),
    "n": _gives_several,
    "log-probabilities of the answer": _gives_log_probabilities,
    "log-probabilities of the prompt (echo)": _echoes,
    "prompts as tokens": lambda ask: bool(ask.choices(prompt=[[40, 41, 42]])),
}
COMPLETIONS_ALONE = ("log-probabilities of the prompt (echo)", "prompts as tokens")
