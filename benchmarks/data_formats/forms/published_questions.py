"""Published sets of instructions and questions, with the columns of their cards."""

from __future__ import annotations

from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.rows_of import MEANT, asked, is_made_of
from benchmarks.data_formats.meant import refused

GROUP = "published questions"


@form(GROUP, "yahma/alpaca-cleaned")
def alpaca_cleaned() -> Made:
    """Has an output, an input and an instruction."""
    return is_made_of(lambda q, a: {"output": a, "input": "", "instruction": q})


@form(GROUP, "tatsu-lab/alpaca")
def alpaca_set() -> Made:
    """Repeats its row as a text."""
    return is_made_of(
        lambda q, a: {
            "instruction": q,
            "input": "",
            "output": a,
            "text": f"Below is an instruction.\n\n### Instruction:\n{q}\n\n### Response:\n{a}",
        }
    )


@form(GROUP, "iamtarun/python_code_instructions_18k_alpaca")
def python_alpaca() -> Made:
    """Repeats its row in a column called prompt."""
    return is_made_of(
        lambda q, a: {
            "instruction": q,
            "input": "",
            "output": a,
            "prompt": f"Below is an instruction.\n\n### Instruction:\n{q}\n\n### Output:\n{a}",
        }
    )


@form(GROUP, "databricks/databricks-dolly-15k")
def dolly_set() -> Made:
    """Has a context that is empty, and a category."""
    return is_made_of(
        lambda q, a: {"instruction": q, "context": "", "response": a, "category": "open_qa"}
    )


@form(GROUP, "garage-bAInd/Open-Platypus")
def platypus() -> Made:
    """Has the source of each row."""
    return is_made_of(
        lambda q, a: {"input": "", "output": a, "instruction": q, "data_source": "MATH"}
    )


@form(GROUP, "TIGER-Lab/MathInstruct")
def mathinstruct() -> Made:
    """Has a source, an output and an instruction."""
    return is_made_of(lambda q, a: {"source": "CoT/x.json", "output": a, "instruction": q})


@form(GROUP, "medalpaca/medical_meadow_medical_flashcards")
def flashcards() -> Made:
    """Asks its questions as inputs of one instruction."""
    return is_made_of(
        lambda q, a: {"input": q, "output": a, "instruction": "Answer this truthfully"},
        asked("Answer this truthfully\n\n{q}"),
    )


@form(GROUP, "ise-uiuc/Magicoder-Evol-Instruct-110K")
def magicoder_evol() -> Made:
    """Has an instruction and a response."""
    return is_made_of(lambda q, a: {"instruction": q, "response": a})


@form(GROUP, "ise-uiuc/Magicoder-OSS-Instruct-75K")
def magicoder_oss() -> Made:
    """Has the code that a problem was inspired by."""
    return is_made_of(
        lambda q, a: {
            "lang": "python",
            "raw_index": 1,
            "index": 2,
            "openai_fingerprint": "fp_eeff",
            "seed": "def legs(n):\n    return n * 8\n" * 9,
            "problem": q,
            "solution": a,
        }
    )


@form(GROUP, "bigcode/self-oss-instruct-sc2-exec-filter-50k")
def self_oss() -> Made:
    """Has the prompt that an instruction was generated with beside the instruction."""
    return is_made_of(
        lambda q, a: {
            "fingerprint": None,
            "sha1": "e3f1",
            "seed": "def f(): pass",
            "id": 7,
            "response": a,
            "concepts": ["loops"],
            "instruction": q,
            "prompt": f"Gain inspiration from the code.\n\n### Instruction\n{q}\n### Response\n",
        },
        MEANT,
        refused("prompt"),
    )


@form(GROUP, "m-a-p/CodeFeedback-Filtered-Instruction")
def codefeedback() -> Made:
    """Has a query, an answer and where they are from."""
    return is_made_of(lambda q, a: {"query": q, "answer": a, "resource": "x", "lang": "python"})


@form(GROUP, "meta-math/MetaMathQA")
def metamath() -> Made:
    """Has the question that a query was made from."""
    return is_made_of(
        lambda q, a: {
            "type": "MATH_AnsAug",
            "query": q,
            "original_question": f"Old: {q}",
            "response": a,
        }
    )


@form(GROUP, "openai/gsm8k")
def gsm8k() -> Made:
    """Has a question and an answer."""
    return is_made_of(lambda q, a: {"question": q, "answer": a})


@form(GROUP, "microsoft/orca-math-word-problems-200k")
def orca_math() -> Made:
    """Has a question and an answer, too."""
    return is_made_of(lambda q, a: {"question": q, "answer": a})


@form(GROUP, "DigitalLearningGmbH/MATH-lighteval")
def math_set() -> Made:
    """Has the level and the type of a problem."""
    return is_made_of(
        lambda q, a: {"problem": q, "level": "Level 5", "solution": a, "type": "Algebra"}
    )


@form(GROUP, "AI-MO/NuminaMath-1.5")
def numina_1_5() -> Made:
    """Has the final answer beside the solution that ends with it."""
    return is_made_of(
        lambda q, a: {
            "problem": q,
            "solution": a,
            "answer": a.strip("."),
            "problem_type": "Algebra",
            "question_type": "math-word-problem",
            "source": "olympiads",
            "synthetic": False,
            "problem_is_valid": "Yes",
            "solution_is_valid": "Yes",
        }
    )


@form(GROUP, "agentica-org/DeepScaleR-Preview-Dataset")
def deepscaler() -> Made:
    """Has a final answer beside a longer solution, too."""
    return is_made_of(lambda q, a: {"problem": q, "answer": a.strip("."), "solution": a})


@form(GROUP, "nvidia/OpenMathInstruct-2")
def openmathinstruct() -> Made:
    """Calls its answers generated solutions."""
    return is_made_of(
        lambda q, a: {
            "problem": q,
            "generated_solution": a,
            "expected_answer": a.strip("."),
            "problem_source": "augmented_math",
        },
        MEANT,
        refused("solution: generated_solution"),
    )


@form(GROUP, "nvidia/OpenCodeReasoning")
def opencodereasoning() -> Made:
    """Has the code of an output once more, and numbers of splits."""
    return is_made_of(
        lambda q, a: {
            "id": "c3",
            "input": q,
            "output": a,
            "source": "taco",
            "license": "mit",
            "dataset": "taco",
            "split": "train",
            "difficulty": "EASY",
            "solution": a[:-1],
        }
    )


@form(GROUP, "simplescaling/s1K")
def s1k() -> Made:
    """Has the thinking and the attempt that are trained on beside a solution."""
    return is_made_of(
        lambda q, a: {
            "solution": a,
            "question": q,
            "cot_type": "math",
            "source_type": "x",
            "metadata": "{}",
            "cot": None,
            "thinking_trajectories": ["Let me think about it."],
            "attempt": f"The answer to this is: {a}",
        },
        refused(("thinking_trajectories", "attempt")),
    )


@form(GROUP, "zwhe99/DeepMath-103K")
def deepmath() -> Made:
    """Has three solutions and a final answer, one of which has to be picked."""
    return is_made_of(
        lambda q, a: {
            "question": q,
            "final_answer": a,
            "difficulty": 4.5,
            "topic": "Algebra",
            "r1_solution_1": a,
            "r1_solution_2": a,
            "r1_solution_3": a,
        },
        refused("r1_solution_1", "column"),
    )


@form(GROUP, "FreedomIntelligence/medical-o1-reasoning-SFT")
def medical_o1() -> Made:
    """Names its columns in capitals, the thinking by a name of its own."""
    return is_made_of(
        lambda q, a: {"Question": q, "Complex_CoT": "Let me think.", "Response": a},
        refused(("Question", "Complex_CoT")),
    )


@form(GROUP, "keivalya/MedQuad-MedicalQnADataset")
def medquad() -> Made:
    """Names its columns in capitals."""
    return is_made_of(
        lambda q, a: {"qtype": "symptoms", "Question": q, "Answer": a},
        MEANT,
        refused("question: Question"),
    )


@form(GROUP, "Open-Orca/OpenOrca")
def openorca_set() -> Made:
    """Has a system prompt that is empty in some rows."""
    return is_made_of(lambda q, a: {"id": "n.1", "system_prompt": "", "question": q, "response": a})


@form(GROUP, "nvidia/HelpSteer2")
def helpsteer() -> Made:
    """Has ratings of its responses."""
    return is_made_of(
        lambda q, a: {
            "prompt": q,
            "response": a,
            "helpfulness": 3,
            "correctness": 4,
            "coherence": 4,
            "complexity": 1,
            "verbosity": 0,
        }
    )
