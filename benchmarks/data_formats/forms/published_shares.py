"""Published sets with a column of conversations, with the columns of their cards."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.rows_of import EXCHANGES, MEANT, is_made_of, under
from benchmarks.data_formats.forms.texts import WEATHER, chat
from benchmarks.data_formats.meant import answer, refused, system, talk, trained, user

GROUP = "published chats"


def _shared(q: str, a: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"from": "human", "value": q, **keys}, {"from": "gpt", "value": a, **keys}]


@form(GROUP, "argilla/magpie-ultra-v1.0")
def magpie_ultra() -> Made:
    """Has what a tagger said of the question beside the conversation."""
    return is_made_of(
        lambda q, a: {
            "conversation": chat(q, a),
            "category": "information-seeking",
            "difficulty": "easy",
            "quality": "good",
            "reward_model_score": 0.1,
            "knowledge": "To answer this, the model needs to know some facts about the world.",
            "intent": "The user wants to know a fact.",
            "explanation": "The query is clear.",
        }
    )


@form(GROUP, "teknium/OpenHermes-2.5")
def openhermes() -> Made:
    """Has many columns that are mostly null, and a null weight in each message."""
    return is_made_of(
        lambda q, a: {
            "custom_instruction": None,
            "topic": None,
            "model_name": None,
            "model": None,
            "skip_prompt_formatting": False,
            "category": "orca",
            "views": None,
            "idx": None,
            "conversations": _shared(q, a, weight=None),
            "language": None,
            "id": None,
            "title": None,
            "hash": None,
            "avatarUrl": None,
            "system_prompt": None,
            "source": "airoboros2.2",
        }
    )


@form(GROUP, "Magpie-Align/Magpie-Pro-300K-Filtered")
def magpie_pro() -> Made:
    """Has the conversation, its question and answer, and what taggers said of them."""
    return is_made_of(
        lambda q, a: {
            "uuid": "0a",
            "model": "llama",
            "instruction": q,
            "response": a,
            "conversations": _shared(q, a),
            "gen_input_configs": {"temperature": 1.0, "top_p": 1.0, "seed": None},
            "gen_response_configs": {"prompt": f"<|user|>{q}", "max_tokens": 4096},
            "intent": "The user wants to know a fact about the world.",
            "knowledge": "To answer this, the models need to know some geography and biology.",
            "difficulty": "very easy",
            "input_quality": "excellent",
            "quality_explanation": "The query is clear and specific. " * 8,
            "task_category": "Information seeking",
            "other_task_category": [],
            "llama_guard_2": "safe",
            "instruct_reward": -3.5,
            "reward_model": "x",
            "min_neighbor_distance": 0.1,
            "repeat_count": 0,
            "min_similar_uuid": None,
            "instruction_length": 30,
            "response_length": 5,
            "language": "EN",
        },
        MEANT,
    )


@form(GROUP, "Magpie-Align/Magpie-Llama-3.1-Pro-MT-300K-Filtered")
def magpie_turns() -> Made:
    """Repeats both questions and answers of its conversation in columns."""
    (q2, a2) = EXCHANGES[1]
    return is_made_of(
        lambda q, a: {
            "uuid": "0a",
            "conversations": [*_shared(q, a), *_shared(q2, a2)],
            "instruction": q,
            "response": a,
            "instruction_2": q2,
            "response_2": a2,
            "intent": "The user asks for a fact.",
            "difficulty": "easy",
            "knowledge": "To answer this, the model needs to know some geography.",
            "task_category": "Information seeking",
            "llama_guard_2": "safe",
        },
        trained(*(talk(user(q), answer(a), user(q2), answer(a2)) for q, a in EXCHANGES)),
    )


@form(GROUP, "Open-Orca/SlimOrca")
def slimorca() -> Made:
    """Has weights of 0 for system and user, and of 1 for the answer."""
    return is_made_of(
        lambda q, a: {
            "conversations": [
                {"from": "system", "value": "Be brief.", "weight": None},
                {"from": "human", "value": q, "weight": 0.0},
                {"from": "gpt", "value": a, "weight": 1.0},
            ]
        },
        under("Be brief."),
    )


@form(GROUP, "WizardLMTeam/WizardLM_evol_instruct_V2_196k")
def wizardlm() -> Made:
    """Has conversations and their numbers."""
    return is_made_of(lambda q, a: {"idx": "A1", "conversations": _shared(q, a)})


@form(GROUP, "BAAI/Infinity-Instruct")
def infinity_instruct() -> Made:
    """Has the abilities that a row needs in a column called label."""
    label = {"ability_en": ["knowledge"], "cate_ability_en": ["facts"]}
    return is_made_of(
        lambda q, a: {
            "id": 7,
            "conversations": _shared(q, a),
            "label": label,
            "langdetect": "en",
            "source": "flan",
        }
    )


@form(GROUP, "open-thoughts/OpenThoughts-114k")
def openthoughts() -> Made:
    """Has a system text beside its conversations."""
    return is_made_of(
        lambda q, a: {
            "system": "Think first.",
            "conversations": [{"from": "user", "value": q}, {"from": "assistant", "value": a}],
        },
        under("Think first."),
    )


@form(GROUP, "open-thoughts/OpenThoughts2-1M")
def openthoughts_2() -> Made:
    """Repeats its question in a column."""
    return is_made_of(
        lambda q, a: {"conversations": _shared(q, a), "question": q, "source": "x", "id": 1}
    )


@form(GROUP, "Team-ACE/ToolACE")
def toolace() -> Made:
    """Has what may be called in its system text."""
    return is_made_of(
        lambda q, a: {
            "system": "You may call: [Weather(city)]",
            "conversations": [{"from": "user", "value": q}, {"from": "assistant", "value": a}],
        },
        under("You may call: [Weather(city)]"),
    )


@form(GROUP, "NousResearch/hermes-function-calling-v1", bases=("chatml",))
def hermes_functions() -> Made:
    """Has its tools in its system text, and in a column as JSON text."""
    told = [{"from": "system", "value": "You may call get_weather."}]
    return is_made_of(
        lambda q, a: {
            "id": "x",
            "conversations": [*told, *_shared(q, a)],
            "tools": json.dumps([WEATHER]),
            "category": "c",
            "subcategory": "s",
            "task": "t",
        },
        trained(
            *(
                talk(system("You may call get_weather."), user(q), answer(a), tools=[WEATHER])
                for q, a in EXCHANGES
            )
        ),
    )


@form(GROUP, "GAIR/lima")
def lima() -> Made:
    """Has its turns as a list of texts."""
    return is_made_of(lambda q, a: {"conversations": [q, a], "source": "stackexchange"})


@form(GROUP, "LDJnr/Capybara")
def capybara_set() -> Made:
    """Has exchanges of input and output."""
    return is_made_of(
        lambda q, a: {"source": "Airoboros", "conversation": [{"input": q, "output": a}]}
    )


def _wild(q: str, a: str, *, toxic: bool) -> dict[str, Any]:
    told = {"country": "Peru", "language": "English", "redacted": False, "timestamp": None}
    turns = [
        {**told, **one, "toxic": toxic and one["role"] == "user", "turn_identifier": 1}
        for one in chat(q, a)
    ]
    moderation = {"categories": {"hate": False}, "category_scores": {"hate": 0.1}}
    return {
        "conversation_hash": "cf2c",
        "model": "gpt-4-0314",
        "timestamp": "2023-04-09",
        "conversation": turns,
        "turn": 1,
        "language": "English",
        "state": "Lima",
        "openai_moderation": [{**moderation, "flagged": False}],
        "detoxify_moderation": [{"toxicity": 0.01, "insult": 0.2}],
        "toxic": toxic,
        "redacted": False,
        "country": "Peru",
        "hashed_ip": "f8f0",
        "header": {"user-agent": "Mozilla"},
    }


@form(GROUP, "allenai/WildChat-1M")
def wildchat() -> Made:
    """Has conversations with countries and moderation that caught nothing."""
    return is_made_of(lambda q, a: _wild(q, a, toxic=False))


@form(GROUP, "allenai/WildChat-1M-Full")
def wildchat_toxic() -> Made:
    """Has conversations of which the user's question was found to be toxic."""
    return is_made_of(lambda q, a: _wild(q, a, toxic=True))


@form(GROUP, "lmsys/lmsys-chat-1m")
def lmsys() -> Made:
    """Has conversations with moderation for each message."""
    moderation = {"categories": {"hate": False}, "category_scores": {"hate": 0.0}}
    return is_made_of(
        lambda q, a: {
            "conversation_id": "3307",
            "model": "vicuna-13b",
            "conversation": chat(q, a),
            "turn": 1,
            "language": "English",
            "redacted": False,
            "openai_moderation": [{**moderation, "flagged": False}] * 2,
        }
    )


@form(GROUP, "lmsys/chatbot_arena_conversations")
def arena() -> Made:
    """Has two conversations and which of them won, so that its winners have to be picked."""
    return is_made_of(
        lambda q, a: {
            "question_id": "58",
            "model_a": "x",
            "model_b": "y",
            "winner": "model_a",
            "judge": "arena_user_1",
            "conversation_a": chat(q, a),
            "conversation_b": [],
            "turn": 1,
            "anony": True,
            "language": "English",
            "tstamp": 1.0,
        },
        refused("conversation_a"),
    )
