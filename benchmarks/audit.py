"""How well and how fast the audit finds planted faults in 20,000 rows.

Run with ``python -m benchmarks.audit``. Rows are made of sentences of GSM8K's test questions, put
together at random, so that the words are those of real text; the folder of the data is the one
argument (default: ``../shared/data/gsm8k``).
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import time
from pathlib import Path

from evalguard.training.audit import audit

ROWS = 20_000
PLANTED = 400
SENTENCES = 4


def main(folder: Path) -> None:
    """Plant, audit, and print precision and recall of each kind of fault."""
    questions = [
        json.loads(line)["question"] for line in (folder / "test.jsonl").read_text().splitlines()
    ]
    rng = random.Random(0)  # noqa: S311
    rows, planted = plant(questions, rng)
    with tempfile.TemporaryDirectory() as scratch:
        data, items = Path(scratch, "train.jsonl"), Path(scratch, "items.jsonl")
        data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        items.write_text("".join(json.dumps({"question": q}) + "\n" for q in questions))
        started = time.process_time()
        report = audit([data], against=[items])
        seconds = time.process_time() - started
    print(f"{len(rows)} rows against {len(questions)} items: {seconds:.1f} s of one core")
    places = {
        finding.code: {int(place.rsplit(":", 1)[1]) for place in finding.places}
        for finding in report.findings
    }
    for code, expected in planted.items():
        found = places.get(code, set())
        hits = len(found & expected)
        precision = hits / len(found) if found else float("nan")
        print(
            f"{code:18} planted {len(expected):5}  found {len(found):5}  "
            f"precision {precision:6.1%}  recall {hits / len(expected):6.1%}"
        )


def plant(
    questions: list[str], rng: random.Random
) -> tuple[list[dict[str, str]], dict[str, set[int]]]:
    """Return rows with faults in them, and the line of each fault by its code.

    Contamination is counted by the item's line, as the audit reports it.
    """
    sentences = sorted({s for q in questions for s in re.findall(r"[^.?!]+[.?!]", q)})
    mixed = [disturb(rng.choice(sentences), rng) for _ in range(4 * ROWS)]
    texts = [" ".join(rng.sample(mixed, SENTENCES)) for _ in range(ROWS - 5 * PLANTED)]
    # An item's own sentences, even one by one, would be an accident of this construction: words
    # are replaced in every sentence, so that only planted questions are whole.
    rows = [
        {"prompt": text, "completion": f"The answer is {rng.randrange(10**6)}."} for text in texts
    ]
    planted: dict[str, set[int]] = {}

    def add(code: str, new: list[dict[str, str]]) -> None:
        planted[code] = set(range(len(rows) + 1, len(rows) + len(new) + 1))
        rows.extend(new)

    originals = rng.sample(rows, 2 * PLANTED)
    add("exact_duplicates", [shout(row) for row in originals[:PLANTED]])
    add("near_duplicates", [reword(row, rng) for row in originals[PLANTED:]])
    add("pii_email", [with_email(rng.choice(texts), rng) for _ in range(PLANTED)])
    add("broken_rows", [{"prompt": rng.choice(texts)} for _ in range(PLANTED)])
    add("contamination", [shout({"prompt": q, "completion": "42"}) for q in questions])
    planted["contamination"] = set(range(1, len(questions) + 1))
    return rows, planted


def shout(row: dict[str, str]) -> dict[str, str]:
    """Change case and punctuation."""
    return {**row, "prompt": re.sub(r"[,.?!]", " ;", row["prompt"]).upper()}


def disturb(sentence: str, rng: random.Random) -> str:
    """Replace a third of the words of a sentence."""
    words = sentence.split()
    for place in rng.sample(range(len(words)), max(1, len(words) // 3)):
        words[place] = rng.choice(_NONSENSE)
    return " ".join(words)


def reword(row: dict[str, str], rng: random.Random) -> dict[str, str]:
    """Replace 10 % of the words."""
    words = row["prompt"].split()
    for place in rng.sample(range(len(words)), round(0.1 * len(words))):
        words[place] = rng.choice(_NONSENSE)
    return {**row, "prompt": " ".join(words)}


def with_email(text: str, rng: random.Random) -> dict[str, str]:
    """Put a mail address into an answer."""
    address = f"{rng.choice(_NONSENSE)}.{rng.choice(_NONSENSE)}@{rng.choice(_NONSENSE)}.de"
    return {"prompt": disturb(text, rng), "completion": f"Write to {address} about it."}


_LETTERS = random.Random(1)  # noqa: S311
_NONSENSE = ["".join(_LETTERS.choices("abcdefghijklmnoprstuvw", k=7)) for _ in range(3000)]

if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/gsm8k"))
