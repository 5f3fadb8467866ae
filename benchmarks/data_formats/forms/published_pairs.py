"""Published sets of preferences and labelled answers, with the columns of their cards."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.rows_of import PAIRS, prefers
from benchmarks.data_formats.forms.texts import chat
from benchmarks.data_formats.meant import pair, refused, system, trained, user

GROUP = "published pairs"


def _both(q: str, a: str, w: str) -> dict[str, Any]:
    return {"chosen": chat(q, a), "rejected": chat(q, w)}


@form(GROUP, "HuggingFaceH4/ultrafeedback_binarized")
def ultrafeedback_binarized() -> Made:
    """Repeats the chosen conversation as messages."""
    return prefers(
        lambda q, a, w: {
            "prompt": q,
            "prompt_id": "6b",
            **_both(q, a, w),
            "messages": chat(q, a),
            "score_chosen": 8.5,
            "score_rejected": 4.0,
        }
    )


@form(GROUP, "trl-lib/ultrafeedback_binarized")
def ultrafeedback_trl() -> Made:
    """Has two conversations and their scores."""
    return prefers(lambda q, a, w: {**_both(q, a, w), "score_chosen": 8.5, "score_rejected": 4.0})


@form(GROUP, "argilla/ultrafeedback-binarized-preferences-cleaned")
def ultrafeedback_cleaned() -> Made:
    """Has ratings and models of both answers."""
    return prefers(
        lambda q, a, w: {
            "source": "evol",
            "prompt": q,
            **_both(q, a, w),
            "chosen-rating": 5.0,
            "chosen-model": "x",
            "rejected-rating": 2.0,
            "rejected-model": "y",
        }
    )


@form(GROUP, "openbmb/UltraFeedback")
def ultrafeedback_raw() -> Made:
    """Has four completions and their ratings, of which two have to be picked."""
    return prefers(
        lambda q, a, w: {
            "source": "x",
            "instruction": q,
            "models": ["a", "b"],
            "completions": [{"response": a, "overall_score": 9}, {"response": w}],
        },
        refused("completions", "column"),
    )


@form(GROUP, "Anthropic/hh-rlhf")
def hh_rlhf_set() -> Made:
    """Has both conversations as texts."""
    return prefers(
        lambda q, a, w: {
            "chosen": f"\n\nHuman: {q}\n\nAssistant: {a}",
            "rejected": f"\n\nHuman: {q}\n\nAssistant: {w}",
        }
    )


@form(GROUP, "Dahoas/rm-static")
def rm_static() -> Made:
    """Has the chosen answer twice, and its prompt as a text of turns."""
    return prefers(
        lambda q, a, w: {
            "prompt": f"\n\nHuman: {q}\n\nAssistant:",
            "response": a,
            "chosen": a,
            "rejected": w,
        }
    )


@form(GROUP, "Intel/orca_dpo_pairs")
def orca_pairs() -> Made:
    """Has a system text and a question."""
    return prefers(
        lambda q, a, w: {"system": "Be brief.", "question": q, "chosen": a, "rejected": w},
        trained(*(pair([system("Be brief."), user(q)], a, w) for q, a, w in PAIRS)),
    )


def _distilled(q: str, a: str, w: str, status: str = "unchanged") -> dict[str, Any]:
    judged = f"Score both answers to the question.\n\n{q}\n\n1. {a}\n\n2. {w}"
    return {
        "system": "",
        "input": q,
        "chosen": a,
        "rejected": w,
        "generations": [a, w],
        "order": ["gpt-4", "llama2"],
        "labelling_model": "gpt-4-1106-preview",
        "labelling_prompt": [
            {"role": "system", "content": "You are a helpful assistant that judges answers."},
            {"role": "user", "content": judged},
        ],
        "raw_labelling_response": "9 7\n\nThe first answer is right and the other is not. " * 5,
        "rating": [9.0, 7.0],
        "rationale": "The first one is right.",
        "status": status,
        "original_chosen": a,
        "original_rejected": w,
        "chosen_score": 9.0,
        "in_gsm8k_train": False,
    }


@form(GROUP, "argilla/distilabel-intel-orca-dpo-pairs")
def distilabel_orca() -> Made:
    """Has what a judge was asked and said of the two answers."""
    return prefers(_distilled)


@form(GROUP, "argilla/distilabel-intel-orca-dpo-pairs")
def distilabel_ties() -> Made:
    """Has answers of which neither was preferred."""
    return prefers(lambda q, a, w: _distilled(q, a, w, "tie"), refused("status", row=1))


@form(GROUP, "argilla/distilabel-capybara-dpo-7k-binarized")
def distilabel_capybara() -> Made:
    """Has what its answers were generated with, and the conversation in pairs."""
    return prefers(
        lambda q, a, w: {
            "source": "x",
            "conversation": [{"input": q, "output": a}],
            "original_response": a,
            "generation_prompt": [f"<|user|>\n{q}</s>\n<|assistant|>"],
            "raw_generation_responses": [w],
            "new_generations": [w],
            "prompt": q,
            **_both(q, a, w),
            "rating_chosen": 5,
            "rating_rejected": 3,
            "chosen_model": "original",
            "rejected_model": "notus",
            "turns": 1,
        }
    )


@form(GROUP, "argilla/dpo-mix-7k")
def dpo_mix() -> Made:
    """Has two conversations and their ratings."""
    return prefers(
        lambda q, a, w: {
            "dataset": "argilla/x",
            **_both(q, a, w),
            "chosen_rating": 5.0,
            "rejected_rating": 4.0,
        }
    )


@form(GROUP, "mlabonne/orpo-dpo-mix-40k")
def orpo_mix() -> Made:
    """Has its question twice, under two names."""
    return prefers(lambda q, a, w: {"source": "x", **_both(q, a, w), "prompt": q, "question": q})


@form(GROUP, "jondurbin/truthy-dpo-v0.1")
def truthy() -> Made:
    """Has a system text that is empty in some rows."""
    return prefers(
        lambda q, a, w: {
            "id": "5a",
            "source": "truthy",
            "system": "",
            "prompt": q,
            "chosen": a,
            "rejected": w,
        }
    )


@form(GROUP, "snorkelai/Snorkel-Mistral-PairRM-DPO-Dataset")
def snorkel() -> Made:
    """Has all answers that were generated, and their scores."""
    return prefers(
        lambda q, a, w: {
            "prompt_id": "1",
            "prompt": q,
            **_both(q, a, w),
            "all_generated_responses": [a, w, "Hm."],
            "all_rm_scores": [0.2, 0.1, -3.0],
        }
    )


@form(GROUP, "allenai/llama-3.1-tulu-3-8b-preference-mixture")
def tulu_preferences() -> Made:
    """Has the models of both answers."""
    return prefers(
        lambda q, a, w: {
            "id": "1",
            "source": "x",
            "prompt": q,
            **_both(q, a, w),
            "chosen_model": "x",
            "rejected_model": "y",
        }
    )


@form(GROUP, "Skywork/Skywork-Reward-Preference-80K-v0.2")
def skywork() -> Made:
    """Has two conversations and a source."""
    return prefers(lambda q, a, w: {**_both(q, a, w), "source": "magpie"})


@form(GROUP, "argilla/OpenHermesPreferences")
def openhermes_preferences() -> Made:
    """Has all candidates and their ranks."""
    return prefers(
        lambda q, a, w: {
            "source": "x",
            "category": None,
            "prompt": q,
            "candidates_completions": [a, w, "Hm."],
            "candidate_policies": ["x", "y", "z"],
            "ranks": [1, 3, 2],
            "rank_str": "x>z>y",
            "chosen_policy": "x",
            **_both(q, a, w),
            "rejected_policy": "y",
        }
    )


@form(GROUP, "Magpie-Align/Magpie-Llama-3.1-Pro-DPO-100K-v0.1")
def magpie_dpo() -> Made:
    """Has its instruction, and what taggers said of it."""
    return prefers(
        lambda q, a, w: {
            "uuid": "1",
            "instruction": q,
            **_both(q, a, w),
            "task_category": "Planning",
            "difficulty": "easy",
            "intent": "The user wants to plan a trip for the summer.",
            "knowledge": "To solve this, the models need to know the geography of Peru.",
            "input_quality": "good",
            "llama_guard_2": "safe",
            "language": "EN",
        }
    )


@form(GROUP, "CyberNative/Code_Vulnerability_Security_DPO")
def vulnerabilities() -> Made:
    """Says which fault the rejected code has."""
    return prefers(
        lambda q, a, w: {
            "lang": "c++",
            "vulnerability": "Buffer overflows can be exploited.",
            "system": "",
            "question": q,
            "chosen": a,
            "rejected": w,
        }
    )


@form(GROUP, "xinlai/Math-Step-DPO-10K")
def step_dpo() -> Made:
    """Has the first steps of an answer apart from the two that continue them."""
    return prefers(
        lambda q, a, w: {
            "dataset": "MATH",
            "prompt": q,
            "initial_reason_steps": "Step 1: We look it up.",
            "chosen": f" {a}",
            "rejected": f" {w}",
            "full_chosen": f"Step 1: … {a}",
            "full_rejected": f"Step 1: … {w}",
            "answer": "8",
        },
        refused(("initial_reason_steps", "full_chosen", "answer")),
    )


@form(GROUP, "PKU-Alignment/PKU-SafeRLHF")
def safe_rlhf() -> Made:
    """Has two responses and which of them is better or safer."""
    return prefers(
        lambda q, a, w: {
            "prompt": q,
            "response_0": a,
            "response_1": w,
            "better_response_id": 0,
            "safer_response_id": 0,
            "is_response_0_safe": True,
            "is_response_1_safe": False,
        },
        refused("response_0", "column"),
    )


@form(GROUP, "stanfordnlp/SHP")
def shp() -> Made:
    """Has two comments and which of them people prefer."""
    return prefers(
        lambda q, a, w: {
            "post_id": "x",
            "domain": "askculinary",
            "history": q,
            "human_ref_A": a,
            "human_ref_B": w,
            "labels": 1,
            "score_ratio": 2.0,
        },
        refused("human_ref_A", "column"),
    )


@form(GROUP, "lvwerra/stack-exchange-paired")
def stack_exchange_set() -> Made:
    """Calls its answers response_j and response_k."""
    return prefers(
        lambda q, a, w: {
            "qid": 1,
            "question": q,
            "date": "2012",
            "metadata": ["https://a.b"],
            "response_j": a,
            "response_k": w,
        },
        refused("response_j", "column"),
    )


@form(GROUP, "berkeley-nest/Nectar")
def nectar_set() -> Made:
    """Has seven answers with ranks, of which two have to be picked."""
    return prefers(
        lambda q, a, w: {
            "prompt": q,
            "turns": 1,
            "num_responses": 2,
            "good_natured": True,
            "answers": [{"answer": a, "rank": 1.0}, {"answer": w, "rank": 2.0}],
        },
        refused("answers", "column"),
    )


@form(GROUP, "nvidia/HelpSteer3")
def helpsteer_3() -> Made:
    """Has two responses and by how much one is better."""
    return prefers(
        lambda q, a, w: {
            "domain": "general",
            "language": "english",
            "context": chat(q, a)[:1],
            "response1": a,
            "response2": w,
            "overall_preference": -2,
        },
        refused("response1", "column"),
    )
