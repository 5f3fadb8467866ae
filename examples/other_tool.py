"""Decide on the results of another evaluation tool: two files with a score for each question.

python examples/other_tool.py

Output folders of lm-eval, written with --log_samples, are given in the same way. A question that
only one file has, or has twice, is an error with file and row.
"""

from pathlib import Path

import evalguard

SCORES = Path(__file__).parent / "scores"


def main() -> evalguard.GateResult:
    """Pair the scores by question and decide."""
    gate = evalguard.decide(SCORES / "baseline.jsonl", SCORES / "candidate.jsonl", max_drop="3pp")
    print(f"{gate.verdict}: {gate.reason}")
    print(f"{gate.losses} lost, {gate.gains} gained of {gate.n}; {gate.missing} missing")
    for pair in gate.worst[:3]:
        print("lost:", pair.sample_id)
    return gate


if __name__ == "__main__":
    main()
