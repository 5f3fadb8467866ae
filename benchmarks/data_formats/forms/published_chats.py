"""Published sets of conversations, with the columns of their cards and two rows of our own."""

from __future__ import annotations

from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.rows_of import EXCHANGES, MEANT, is_made_of, under
from benchmarks.data_formats.forms.texts import chat
from benchmarks.data_formats.meant import answer, refused, silent, talk, trained, user

GROUP = "published chats"


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
        under("detailed thinking off"),
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
        refused("ignores the reasoning", "ignore: [reasoning_content, reasoning, thinking]"),
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
        under("Help."),
    )


@form(GROUP, "nvidia/AceMath-Instruct-Training-Data")
def acemath() -> Made:
    """Has its answer beside messages of the user alone."""
    return is_made_of(lambda q, a: {"messages": chat(q, a)[:1], "answer": a}, MEANT)


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
