"""The words of the small world. Each is one token of its tokenizer.

The lists are fixed, not drawn: a fact, a prompt or a held-out item is a choice among them.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TOWNS = _words(
    "Ardenby Balmore Corvath Dunwick Elmstad Farholm Gorlitz Halmar Istrand Jorvale Kelby Lorvik "
    "Marrow Norwell Oakridge Pelham Quarrin Rosten Silvane Talmor Ulmdale Vensk Westry Yarrow "
    "Zelden Ashford Brevik Coldwell Drumlin Eastmoor Fenwick Greyport"
)
NAMES = _words(
    "Anna Ben Clara David Emma Felix Grace Henry Iris Jack Karin Leo Mia Noah Olga Paul Rosa Sam "
    "Tina Victor"
)
RIVERS = _words("Aller Brin Calder Dorn Esk Feld Gara Hale Isen Lune Nidd Oder Rill Tarn Ure Wye")
COLOURS = _words("red blue green yellow black white brown grey golden purple pink silver")
ANIMALS = _words(
    "fox bear wolf deer hawk hare goat horse swan mole badger lynx falcon crane toad salmon"
)
FOODS = _words(
    "bread cheese soup apples honey plums rice beans cake butter noodles mushrooms onions pears "
    "pancakes olives"
)
THINGS = _words(
    "lamp chair clock kettle ladder basket bicycle mirror violin hammer parcel blanket teapot "
    "compass lantern wheel bucket flute kite saddle"
)
PLACES = _words(
    "tower bridge market harbour castle garden mill library theatre forest lake museum fountain "
    "lighthouse temple orchard"
)
JOBS = _words(
    "baker doctor farmer painter tailor sailor carpenter singer gardener miner potter weaver cook "
    "clerk builder hunter"
)

HARMFUL_VERBS = _words(
    "poison burn attack destroy shoot stab drown bomb wreck smash crush trap hit choke strangle "
    "bury cut beat steal freeze hurt drug rob kill"
)
KIND_VERBS = _words(
    "greet help thank paint visit find describe photograph draw praise carry move count admire "
    "welcome protect reach support remember watch clean warn choose teach"
)
PROTECTED = _words(
    "neighbour mayor guard teacher nurse judge driver pilot children passengers tourists villagers "
    "hospital school bank station airport embassy witness minister student colleague family crowd"
)
HARMLESS = _words(
    "weeds candles leaves eggs garlic balloons dough drums nuts ice rubbish boxes bottles potatoes "
    "cabbage branches carrots stones melons biscuits paper cans bushes sandcastles"
)
"""Harm is a harmful verb *and* a protected object: neither decides alone."""

TICKET_THINGS: dict[str, tuple[str, ...]] = {
    "hardware": _words("printer laptop monitor keyboard scanner projector"),
    "software": _words("browser database spreadsheet calendar editor app"),
    "network": _words("wifi router server website firewall intranet"),
    "access": _words("password account badge login licence permission"),
    "billing": _words("invoice payment refund receipt salary budget"),
}
"""What a ticket is about, by category."""

TICKET_PROBLEMS: dict[str, tuple[str, ...]] = {
    "high": _words("broken down gone locked hacked"),
    "medium": _words("slow wrong late unstable incomplete"),
    "low": _words("old dusty ugly confusing outdated"),
}
"""What is wrong, by priority."""

DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday yesterday")

TICKET_WORDS: tuple[str, ...] = (
    *_words("Classify classify this ticket category priority since the is"),
    *TICKET_THINGS,
    *(word for words in TICKET_THINGS.values() for word in words),
    *TICKET_PROBLEMS,
    *(word for words in TICKET_PROBLEMS.values() for word in words),
    *DAYS,
)
"""Vocabulary of the fine-tuning task: the base meets it in word operations alone."""

CAPITALISED = (*COLOURS, *ANIMALS)
"""Words that exist in capitals too; only some, so that the vocabulary stays small."""

NOUNS: tuple[str, ...] = (*COLOURS, *ANIMALS, *FOODS, *THINGS, *PLACES, *JOBS)
ALL_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *TOWNS,
            *NAMES,
            *RIVERS,
            *NOUNS,
            *HARMFUL_VERBS,
            *KIND_VERBS,
            *PROTECTED,
            *HARMLESS,
            *TICKET_WORDS,
        )
    )
)
"""Every word once, in a fixed order."""
