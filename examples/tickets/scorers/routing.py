"""A scorer of this project: does a ticket reach the right team?"""

import json

from evalguard.scorers import scorer


@scorer(name="routed", kind="binary", target_is_answer=True)
def routed(output: str, target: str) -> bool:
    """Score 1 where the category is right, whatever the priority."""
    try:
        answer = json.loads(output)
    except json.JSONDecodeError:
        return False
    return isinstance(answer, dict) and answer.get("category") == json.loads(target)["category"]
