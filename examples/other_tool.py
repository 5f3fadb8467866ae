"""Decide on the results of another evaluation tool: two files with a score for each question.

python examples/other_tool.py
"""

import json
from pathlib import Path

import evalguard

SCORES = Path(__file__).parent / "scores"


def read(path: Path) -> dict[str, float]:
    """Return the score of every question."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {row["id"]: row["score"] for row in rows}


def main() -> evalguard.GateResult:
    """Pair the scores by question and decide. One that only one side has is missing: no PASS."""
    baseline, candidate = read(SCORES / "baseline.jsonl"), read(SCORES / "candidate.jsonl")
    ids = sorted(baseline.keys() | candidate.keys())
    gate = evalguard.decide(
        [baseline.get(one) for one in ids],
        [candidate.get(one) for one in ids],
        ids=ids,
        max_drop="3pp",
    )
    print(f"{gate.verdict}: {gate.reason}")
    print(f"{gate.losses} lost, {gate.gains} gained of {gate.n}; {gate.missing} missing")
    for pair in gate.worst[:3]:
        print("lost:", pair.sample_id)
    return gate


if __name__ == "__main__":
    main()
