"""Questions and answers that the forms are filled with, and the tools they call."""

from __future__ import annotations

from typing import Any

QA: tuple[tuple[str, str], ...] = (
    ("What is the capital of Peru?", "Lima."),
    ("Name a river in Egypt.", "The Nile."),
    ("How many legs has a spider?", "Eight."),
    ("Which planet is called red?", "Mars."),
)

WRONG = ("Perhaps Cusco.", "I would say the Po.", "Six or so.", "It may be Venus.")
"""Worse answers to the same questions."""

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def chat(question: str, answer: str) -> list[dict[str, str]]:
    """Return one exchange as messages."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def called(city: str, *, name: str = "call_1", text: bool = False) -> dict[str, Any]:
    """Return a call of the tool.

    Args:
        city: Its argument.
        name: Identifies the call.
        text: Whether the arguments are JSON text, as OpenAI's files have them, instead of an
            object, as chat templates take them.
    """
    arguments = f'{{"city": "{city}"}}' if text else {"city": city}
    return {
        "id": name,
        "type": "function",
        "function": {"name": "get_weather", "arguments": arguments},
    }
