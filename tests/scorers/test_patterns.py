"""Patterns that match nothing or everything, and random ones on which nothing untrue is said."""

import itertools
import random

import pytest
import regex

from evalguard.scorers.patterns import always_matches, never_matches

CHARS = ["a", "b", "A", ":", "1", "\n", " ", "é"]
SHORT = ["".join(one) for n in range(4) for one in itertools.product(CHARS, repeat=n)]
ATOMS = [
    *("a", "b", "A", ":", "1", r"\d", r"\w", r"\s", r"\S", r"\W", ".", "[ab]", "[^a]", "[a-c1]"),
    *(r"[^\w]", r"[\s\S]", r"\n", "é", "^", "$", r"\b", r"\B", r"\A", r"\Z", "(?=a)", "(?!a)"),
    *("(?<=a)", "(?<!a)", "(?!)", r"(?=\d)", r"(?!\w)", r"(?<=\s)", "(?=ab)", "(?!ab)", "(?!a*)"),
]
REPEATS = ["*", "+", "?", "{2}", "{0,2}", "{4,}", "*?", "*+", "??"]


@pytest.mark.parametrize(
    "pattern",
    ["a$b", "a^b", "(?!)", r"a\bb", "(?=a)b", r"a\Z\n", "(?m:a$b)", "a(?<=b)", "a$\n\n",
     r"(?:x|y)\A\d", r"\d(?!\d)\d", "a{2,}^", "(?:(?!)|b$)c", "(?i:a)$B", "(?>a)^", "(?=x)$"],
)  # fmt: skip
def test_a_pattern_that_no_text_matches(pattern):
    assert never_matches(pattern)
    assert not any(regex.search(pattern, text) for text in SHORT)
    assert never_matches(f"(?:{pattern}|:)", stop=(":",))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("a$\n", "a\n"), ("(?m)a$\nb", "a\nb"), (r"(\w+) \1", "no no"), (r"(?<=[\d])[a-c]", "1a"),
     (r"(?=\d)[\u0900-\u097f]", "५"), (r"(?b)(?:abc){e<=2}$", "axy"), ("[[:alpha:]]$", "a"),
     ("(?i:s)(?<=[^a-z])", "ſ"), ("(?i:i)(?<=[^a-z])", "İ"), (r"[^\s\S]a", "aa"),
     (r"(a)?b(?(1)c|d)", "abc"), (r"(?a:\w)", "a"), (r"\p{L}$", "a")],
)  # fmt: skip
def test_a_pattern_that_a_text_may_match_is_left_alone(pattern, text):
    assert regex.search(pattern, text)
    assert not never_matches(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["", ".*", "x*", "x*$", "|no", "(yes)?", "^", "$", "(?!x)", "(?<!x)", "(a*)+", r"\A\d{0,3}"],
)
def test_a_pattern_that_every_text_matches(pattern):
    assert always_matches(pattern)
    assert all(regex.search(pattern, text) for text in SHORT)


@pytest.mark.parametrize("pattern", [".+", "^x*$", r"\b", r"\S", "^$|a", "(?!a*)", r"\w*!", "(a)"])
def test_a_pattern_that_a_text_fails(pattern):
    assert not always_matches(pattern)
    assert not all(regex.search(pattern, text) for text in SHORT)


def test_what_must_match_whole():
    assert always_matches(r"^[\s\S]*$", whole=True)
    assert always_matches("(?s)a?(?:.*|b)", whole=True)
    assert not always_matches(".*", whole=True)
    assert never_matches(r"\s", whole=True)
    assert never_matches("yes\n", whole=True)
    assert not never_matches("yes no", whole=True)
    assert not never_matches(r"\s*yes\s*", whole=True)


def test_stop_texts_together():
    assert not never_matches("yes|no", stop=("o",))
    assert never_matches("yes|no", stop=("o", "s"))
    assert never_matches("aab", stop=("ab",))
    assert not never_matches("a+b?", stop=("aab",))
    assert not never_matches("^ab", stop=("", "\nab")[1:])


def made(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.5:
        return rng.choice(ATOMS)
    if kind < 0.65:
        return made(rng, depth - 1) + made(rng, depth - 1)
    if kind < 0.75:
        return f"(?:{made(rng, depth - 1)}|{made(rng, depth - 1)})"
    if kind < 0.8:
        return f"(?{rng.choice(['>', 'i:', 's:', 'm:'])}{made(rng, depth - 1)})"
    return f"(?:{made(rng, depth - 1)}){rng.choice(REPEATS)}"


def test_nothing_untrue_is_said_of_random_patterns():
    rng = random.Random(7)
    texts = SHORT + ["".join(rng.choices(CHARS, k=rng.randint(4, 9))) for _ in range(300)]
    said = {"never": 0, "always": 0}
    for _ in range(300):
        pattern = rng.choice(["", "", "(?m)", "(?i)", "(?s)"])
        pattern += "".join(made(rng, 3) for _ in range(rng.randint(1, 3)))
        stop = rng.choice([(), (), (":",), ("a",), ("b", "1"), ("ab",)])
        whole = rng.random() < 0.3
        compiled = regex.compile(pattern)

        def found(text, *, compiled=compiled, whole=whole):
            return compiled.fullmatch(text.strip()) if whole else compiled.search(text)

        if never_matches(pattern, whole=whole, stop=stop):
            said["never"] += 1
            whole_ones = [text for text in texts if not any(one in text for one in stop)]
            assert not any(map(found, whole_ones)), (pattern, whole, stop)
        if always_matches(pattern, whole=whole):
            said["always"] += 1
            assert all(map(found, texts)), (pattern, whole)
    assert min(said.values()) > 10, said
