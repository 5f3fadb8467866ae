"""Published sets of conversations, with the columns of their cards and two rows of our own."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.rows_of import EXCHANGES, MEANT, is_made_of
from benchmarks.data_formats.forms.texts import WEATHER, chat
from benchmarks.data_formats.meant import answer, refused, silent, system, talk, trained, user

GROUP = "published chats"


def _shared(q: str, a: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"from": "human", "value": q, **keys}, {"from": "gpt", "value": a, **keys}]


def _with_system(text: str) -> Any:
    return trained(*(talk(system(text), user(q), answer(a)) for q, a in EXCHANGES))


@form(GROUP, "allenai/tulu-3-sft-mixture")
def tulu_3() -> Made:
    """Has messages, an id and a source."""
    return is_made_of(lambda q, a: {"id": f"x_{a}", "messages": chat(q, a), "source": "ai2/x"})


@form(GROUP, "allenai/tulu-v2-sft-mixture")
def tulu_2() -> Made:
    """Has messages and the name of a data set."""
    return is_made_of(lambda q, a: {"dataset": "flan_v2", "id": a, "messages": chat(q, a)})


@form(GROUP, "HuggingFaceTB/smoltalk")
def smoltalk() -> Made:
    """Has messages and a source."""
    return is_made_of(lambda q, a: {"messages": chat(q, a), "source": "smol-magpie-ultra"})


@form(GROUP, "HuggingFaceTB/smoltalk2")
def smoltalk_2() -> Made:
    """Sets variables of the chat template, which change what is asked."""
    settings = {"custom_instructions": "", "enable_thinking": False, "python_tools": []}
    return is_made_of(
        lambda q, a: {"messages": chat(q, a), "chat_template_kwargs": settings, "source": "x"},
        refused("chat_template_kwargs"),
    )


@form(GROUP, "HuggingFaceTB/everyday-conversations-llama3.1-2k")
def everyday_conversations() -> Made:
    """Repeats its messages as a text."""
    return is_made_of(
        lambda q, a: {
            "topic": "Travel",
            "subtopic": "Trips",
            "subsubtopic": "Planes",
            "full_topic": "Travel/Trips/Planes",
            "prompt": f"Ask about planes: {q}",
            "completion": f"User: {q}\nAssistant: {a}",
            "token_length": 14,
            "messages": chat(q, a),
        },
        MEANT,
        refused("format"),
    )


@form(GROUP, "HuggingFaceH4/ultrachat_200k")
def ultrachat_200k() -> Made:
    """Repeats its first question in a column."""
    return is_made_of(lambda q, a: {"prompt": q, "prompt_id": "f0e3", "messages": chat(q, a)})


@form(GROUP, "HuggingFaceH4/no_robots")
def no_robots() -> Made:
    """Repeats its question beside a category."""
    return is_made_of(
        lambda q, a: {"prompt": q, "prompt_id": "a", "messages": chat(q, a), "category": "Open QA"}
    )


@form(GROUP, "open-r1/OpenR1-Math-220k")
def openr1_math() -> Made:
    """Has a problem, its solutions and their checks beside the messages that were chosen."""
    return is_made_of(
        lambda q, a: {
            "problem": q,
            "solution": f"It is known to be {a}",
            "answer": a.strip("."),
            "problem_type": "Algebra",
            "question_type": "math-word-problem",
            "source": "x",
            "uuid": "586f",
            "is_reasoning_complete": [True, False],
            "generations": [a, f"Perhaps it is not {a}"],
            "correctness_count": 1,
            "correctness_math_verify": [True, False],
            "correctness_llama": None,
            "finish_reasons": ["stop", "length"],
            "messages": chat(q, a),
        }
    )


@form(GROUP, "AI-MO/NuminaMath-CoT")
def numina_cot() -> Made:
    """Repeats problem and solution as messages."""
    return is_made_of(
        lambda q, a: {"source": "cn_k12", "problem": q, "solution": a, "messages": chat(q, a)}
    )


@form(GROUP, "AI-MO/NuminaMath-TIR")
def numina_tir() -> Made:
    """Has another solution in its messages than beside them."""
    return is_made_of(
        lambda q, a: {"problem": q, "solution": f"By hand: {a}", "messages": chat(q, a)},
        MEANT,
        refused("solution"),
    )


@form(GROUP, "open-r1/Mixture-of-Thoughts", bases=("embedded", "chatml"))
def mixture_of_thoughts(base: str) -> Made:
    """Has thinking in its answers."""
    meant = [talk(user(q), answer(f"<think>\nHm.\n</think>\n\n{a}")) for q, a in EXCHANGES]
    return is_made_of(
        lambda q, a: {
            "messages": chat(q, f"<think>\nHm.\n</think>\n\n{a}"),
            "num_tokens": 12,
            "source": "open-r1/codeforces-cots",
        },
        trained(*meant),
        trained(
            *(talk(user(q), answer(a, reasoning_content="Hm.")) for q, a in EXCHANGES),
        ),
    )


@form(GROUP, "open-r1/codeforces-cots")
def codeforces_cots() -> Made:
    """Has the parts of a problem, its prompt and its generation beside the messages."""
    return is_made_of(
        lambda q, a: {
            "id": "1/A",
            "aliases": None,
            "contest_id": "1",
            "title": "Legs",
            "time_limit": 1,
            "description": q,
            "input_format": None,
            "examples": [],
            "note": None,
            "prompt": f"Solve it. {q}",
            "generation": a,
            "finish_reason": "stop",
            "api_metadata": {"completion_tokens": 7},
            "interaction_format": None,
            "messages": chat(f"Solve it. {q}", a),
        },
        trained(*(talk(user(f"Solve it. {q}"), answer(a)) for q, a in EXCHANGES)),
    )


@form(GROUP, "nvidia/Nemotron-Post-Training-Dataset-v1")
def nemotron_post_training() -> Made:
    """Says whether reasoning was on, beside the messages."""
    return is_made_of(
        lambda q, a: {
            "uuid": "e1",
            "license": "cc-by-4.0",
            "generator": "R1",
            "version": "v1",
            "category": "math",
            "reasoning": "off",
            "messages": chat(q, a),
            "metadata": "{}",
        },
        MEANT,
        refused("reasoning"),
    )


@form(GROUP, "nvidia/Llama-Nemotron-Post-Training-Dataset")
def llama_nemotron() -> Made:
    """Has a list of messages as input, and a system text that switches its reasoning."""
    return is_made_of(
        lambda q, a: {
            "input": chat(q, a)[:1],
            "output": a,
            "category": "math",
            "license": "cc-by-4.0",
            "reasoning": "off",
            "generator": "R1",
            "used_in_training": "yes",
            "version": "v1",
            "system_prompt": "detailed thinking off",
        },
        _with_system("detailed thinking off"),
        refused("reasoning"),
    )


@form(GROUP, "QuixiAI/dolphin-r1")
def dolphin_r1() -> Made:
    """Has its answer and its reasoning beside messages that end with the user."""
    return is_made_of(
        lambda q, a: {
            "messages": chat(q, a)[:1],
            "reasoning": "Hm.",
            "answer": a,
            "model": "r1",
        },
        refused("messages", "answer"),
    )


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
        _with_system("Be brief."),
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
        _with_system("Think first."),
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
        _with_system("You may call: [Weather(city)]"),
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


@form(GROUP, "OpenAssistant/oasst1")
def oasst() -> Made:
    """Has one message of a tree in a row."""
    return is_made_of(
        lambda q, a: {
            "message_id": "6a",
            "parent_id": None,
            "text": q,
            "role": "prompter",
            "lang": "en",
            "deleted": False,
            "rank": None,
            "synthetic": False,
            "message_tree_id": "6a",
            "tree_state": "ready_for_export",
        },
        refused("role"),
    )


@form(GROUP, "glaiveai/glaive-function-calling-v2")
def glaive() -> Made:
    """Has whole conversations as a text called chat."""
    return is_made_of(
        lambda q, a: {"system": "SYSTEM: Help.", "chat": f"USER: {q}\n\n\nASSISTANT: {a}"},
        refused("chat", "column"),
    )


@form(GROUP, "nvidia/AceMath-Instruct-Training-Data")
def acemath() -> Made:
    """Has its answer beside messages of the user alone."""
    return is_made_of(
        lambda q, a: {"messages": chat(q, a)[:1], "answer": a}, refused("messages", "answer")
    )


@form(GROUP, "axolotl, chat_template: masked turns")
def masked_turns() -> Made:
    """Has turns that carry no loss beside those that do."""
    (q2, a2) = EXCHANGES[1]
    return is_made_of(
        lambda q, a: {
            "messages": [
                *(chat(q, a)[:1]),
                {**chat(q, a)[1], "train": False},
                *chat(q2, a2),
            ]
        },
        trained(*(talk(user(q), silent(a), user(q2), answer(a2)) for q, a in EXCHANGES)),
    )
