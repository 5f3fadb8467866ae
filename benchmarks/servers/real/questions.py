"""What the models of real servers are asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import evalguard.demo

_CITIES = """
France Paris|Germany Berlin|Italy Rome|Spain Madrid|Portugal Lisbon|Austria Vienna|Greece Athens
Poland Warsaw|Hungary Budapest|Ireland Dublin|Norway Oslo|Sweden Stockholm|Finland Helsinki
Denmark Copenhagen|Belgium Brussels|Russia Moscow|Ukraine Kyiv|Romania Bucharest|Bulgaria Sofia
Japan Tokyo|China Beijing|India Delhi|Thailand Bangkok|Egypt Cairo|Kenya Nairobi|Cuba Havana
Peru Lima|Chile Santiago|Canada Ottawa|Iraq Baghdad|Iran Tehran|Lebanon Beirut|Syria Damascus
England London|Scotland Edinburgh|Wales Cardiff|Iceland Reykjavik|Croatia Zagreb|Serbia Belgrade
Indonesia Jakarta|Philippines Manila|Argentina Buenos Aires|Venezuela Caracas|Colombia Bogot
Latvia Riga|Estonia Tallinn|Turkey Ankara|Jordan Amman|Qatar Doha|Ghana Accra|Nepal Kathmandu
"""

CAPITALS: tuple[Mapping[str, str], ...] = tuple(
    {"q": f"What is the capital of {country}?", "a": capital}
    for line in _CITIES.strip().splitlines()
    for country, _, capital in (pair.partition(" ") for pair in line.split("|"))
)
"""Countries and their capitals, for chat models that know the world."""


def embedded_facts() -> list[Mapping[str, str]]:
    """Return questions about the embedded model's world."""
    file = Path(evalguard.demo.__file__).parents[2] / "suites" / "demo" / "data" / "facts.jsonl"
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines()[:FACTS])
    return [{"q": row["question"], "a": row["answer"]} for row in rows]


FACTS = 60
STORY = "Tell me a short story about a fox."
