"""Every method's loss against its formula, worked from the log-probabilities of a tiny model.

Notation: π is the model in training, ref the reference, y⁺ and y⁻ the chosen and rejected answer,
s(y) = Σ log p(token | before) over the answer and its end token.
"""

import json
import math

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from evalguard.quiet import quiet
from evalguard.training.config import Stage
from evalguard.training.dataset import Dataset
from evalguard.training.formats import read
from evalguard.training.rows import RawRow
from evalguard.training.tokens import encode
from evalguard.training.trainers import build_stage
from tests.training.conftest import MARKED_TEMPLATE, make_tokenizer

PAIRS = [
    {"prompt": "what is the colour", "chosen": "blue", "rejected": "it is the sky"},
    {"prompt": "the sky", "chosen": "is", "rejected": "of"},
]
BETA = 0.3


def tiny_model():
    torch.manual_seed(3)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=320, hidden_size=64, intermediate_size=64, num_hidden_layers=1,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=128,
            bos_token_id=None, eos_token_id=1, pad_token_id=0, initializer_range=0.2,
        )
    )  # fmt: skip


def with_lora(model):
    torch.manual_seed(4)
    return get_peft_model(
        model, LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear")
    )


def disturb(model):
    """Move the policy away from the reference, whose copy was made before."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B.default" in name:
                weight.normal_(std=0.1)


def trainer_for(method, rows, tmp_path, model, preference=None, **training):
    stage = Stage.model_validate_json(
        json.dumps(
            {
                "method": method,
                "data": {"train": "d.jsonl"},
                "preference": preference or {},
                "training": {"batch_size": 2, "epochs": 1, "warmup_share": 0.0, **training},
            }
        )
    )
    examples = read([RawRow("d.jsonl", i, row) for i, row in enumerate(rows, 1)]).examples
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    with quiet():
        return build_stage(
            model, tokenizer, Dataset(examples, examples), stage, folder=tmp_path
        ).trainer


def evaluated(trainer) -> float:
    with quiet():
        return float(trainer.evaluate()["eval_loss"])


def answer_scores(model, prompt, answer) -> tuple[float, int]:
    """Return s(y) and the number of its tokens, straight from the model's logits."""
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    (sequence,) = encode(
        read([RawRow("d", 1, {"prompt": prompt, "completion": answer})]).examples,
        tokenizer,
        max_length=128,
    )
    ids = torch.tensor([sequence.input_ids])
    model.eval()
    with torch.no_grad():
        log_p = model(ids).logits.log_softmax(-1)[0]
    places = [i for i, label in enumerate(sequence.labels) if label != -100]
    return sum(float(log_p[i - 1, sequence.input_ids[i]]) for i in places), len(places)


def policy_and_reference(model):
    """Return (s⁺, s⁻, ref⁺, ref⁻) of every pair."""
    found = []
    for pair in PAIRS:
        policy = [answer_scores(model, pair["prompt"], pair[k])[0] for k in ("chosen", "rejected")]
        with model.disable_adapter():
            reference = [
                answer_scores(model, pair["prompt"], pair[k])[0] for k in ("chosen", "rejected")
            ]
        found.append((*policy, *reference))
    return found


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_sft_loss_on_a_bigram_model_worked_by_hand(tmp_path):
    """A model without layers whose logits are a table of log-probabilities.

    The embedding of token t is the unit vector t; RMSNorm scales it to √V; the head is
    log P(j | t) / √V. The logits after t are thus log P(· | t). With P(j | t) = 1/2 for one
    successor of each t and 1/(2(V−1)) for every other, an answer of n tokens of which k follow
    that rule has the loss (k·ln 2 + (n−k)·ln(2(V−1))) / n.
    """
    size = 320
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size, hidden_size=size, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=10, num_key_value_heads=10, tie_word_embeddings=False,
            rms_norm_eps=0.0, bos_token_id=None, eos_token_id=1, pad_token_id=0,
        )
    )  # fmt: skip
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    answer = tokenizer("it is blue")["input_ids"] + [tokenizer.eos_token_id]
    before = [tokenizer.convert_tokens_to_ids("<assistant>"), *answer[:-1]]
    probabilities = torch.full((size, size), 1 / (2 * (size - 1)))
    likely = dict(zip(before[:-1], answer[:-1], strict=True))  # every step but the last, the end
    for token in range(size):
        probabilities[token, likely.get(token, 0)] = 0.5
    with torch.no_grad():
        for weight in model.model.layers.parameters():
            weight.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(size))
        model.lm_head.weight.copy_((probabilities.log() / math.sqrt(size)).T)
    rows = [{"prompt": "what is the colour of the sky", "completion": "it is blue"}] * 2
    n, k = len(answer), len(answer) - 1
    by_hand = (k * math.log(2) + (n - k) * math.log(2 * (size - 1))) / n
    assert evaluated(trainer_for("sft", rows, tmp_path, model)) == pytest.approx(by_hand, rel=1e-5)


def test_packing_leaves_the_loss_as_it_is(tmp_path):
    """Examples in one packed sequence must not see each other."""
    rows = [
        {"prompt": f"the {thing} is", "completion": f"{colour} of the sky"}
        for thing, colour in (("sky", "blue"), ("car", "red"), ("door", "white"), ("tree", "green"))
    ]

    def first_loss(**training):
        settings = {"max_length": 64, "learning_rate": 1e-9, **training}
        trainer = trainer_for("sft", rows, tmp_path, tiny_model(), **settings)
        with quiet():
            trainer.train()
        return len(trainer.train_dataset), trainer.state.log_history[0]["loss"]

    rows_apart, apart = first_loss(batch_size=4)
    rows_packed, packed = first_loss(batch_size=2, packing=True)
    assert (rows_apart, rows_packed) == (4, 2)
    assert packed == pytest.approx(apart, rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        # Rafailov et al. 2023, equation 7: −log σ(β·h), h = (s⁺ − ref⁺) − (s⁻ − ref⁻)
        ("sigmoid", lambda h: -math.log(sigmoid(BETA * h))),
        # Zhao et al. 2023 (SLiC): max(0, 1 − β·h)
        ("hinge", lambda h: max(0.0, 1 - BETA * h)),
    ],
)
def test_dpo(tmp_path, loss, formula):
    model = with_lora(tiny_model())
    trainer = trainer_for("dpo", PAIRS, tmp_path, model, {"beta": BETA, "loss": loss})
    assert evaluated(trainer) == pytest.approx(
        formula(0.0), rel=1e-5
    )  # the policy is the reference
    disturb(model)
    by_hand = [
        formula((plus - ref_plus) - (minus - ref_minus))
        for plus, minus, ref_plus, ref_minus in policy_and_reference(model)
    ]
    assert abs(sum(by_hand) / 2 - formula(0.0)) > 0.01
    assert evaluated(trainer) == pytest.approx(sum(by_hand) / 2, rel=1e-4)


def test_ipo(tmp_path):
    """Azar et al. 2024, equation 17, on mean log-probabilities: (h − 1/(2β))²."""
    model = with_lora(tiny_model())
    trainer = trainer_for("dpo", PAIRS, tmp_path, model, {"beta": BETA, "loss": "ipo"})
    assert evaluated(trainer) == pytest.approx((1 / (2 * BETA)) ** 2, rel=1e-5)
    disturb(model)
    by_hand = []
    for pair in PAIRS:
        ratios = []
        for key in ("chosen", "rejected"):
            score, n = answer_scores(model, pair["prompt"], pair[key])
            with model.disable_adapter():
                reference, _ = answer_scores(model, pair["prompt"], pair[key])
            ratios.append((score - reference) / n)
        by_hand.append((ratios[0] - ratios[1] - 1 / (2 * BETA)) ** 2)
    assert evaluated(trainer) == pytest.approx(sum(by_hand) / 2, rel=1e-4)


def test_orpo(tmp_path):
    """Hong et al. 2024, equation 6: NLL(y⁺) − λ·log σ(log odds(y⁺) − log odds(y⁻)).

    odds(p) = p / (1 − p) with p = exp(mean log-probability of the answer's tokens).
    """
    model = with_lora(tiny_model())
    trainer = trainer_for("orpo", PAIRS, tmp_path, model, {"beta": BETA})
    disturb(model)
    ratios = []
    for pair in PAIRS:
        logits = []
        for key in ("chosen", "rejected"):
            score, n = answer_scores(model, pair["prompt"], pair[key])
            p = math.exp(score / n)
            logits.append(math.log(p / (1 - p)))
        ratios.append(-math.log(sigmoid(logits[0] - logits[1])))
    by_hand = orpo_sft_term(model, trainer) + BETA * sum(ratios) / 2
    assert evaluated(trainer) == pytest.approx(by_hand, rel=1e-4)


def test_cpo(tmp_path):
    """Xu et al. 2024, equation 5: −log σ(β·(s⁺ − s⁻)) + NLL(y⁺), the latter a mean over tokens."""
    model = with_lora(tiny_model())
    trainer = trainer_for("cpo", PAIRS, tmp_path, model, {"beta": BETA})
    disturb(model)
    preferred = [
        -math.log(sigmoid(BETA * (plus - minus)))
        for plus, minus, _, _ in policy_and_reference(model)
    ]
    chosen = [answer_scores(model, pair["prompt"], pair["chosen"]) for pair in PAIRS]
    nll = -sum(score for score, _ in chosen) / sum(n for _, n in chosen)
    by_hand = nll + sum(preferred) / 2
    assert evaluated(trainer) == pytest.approx(by_hand, rel=1e-4)


def orpo_sft_term(model, trainer) -> float:
    """Return the mean loss over prompt and chosen answer, which TRL takes as ORPO's SFT term."""
    batch = next(iter(trainer.get_eval_dataloader()))
    ids, mask = batch["chosen_input_ids"], batch["chosen_attention_mask"]
    model.eval()
    with torch.no_grad():
        log_p = model(ids, attention_mask=mask).logits.log_softmax(-1)
    taken = log_p[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    kept = mask[:, 1:].bool()
    return float(-taken[kept].mean())


def test_simpo(tmp_path):
    """Meng et al. 2024, equation 6: −log σ(β·(s⁺/|y⁺| − s⁻/|y⁻|) − γ)."""
    model = with_lora(tiny_model())
    preference = {"beta": 2.0, "gamma": 0.7}
    trainer = trainer_for("simpo", PAIRS, tmp_path, model, preference)
    disturb(model)
    by_hand = []
    for pair in PAIRS:
        means = []
        for key in ("chosen", "rejected"):
            score, n = answer_scores(model, pair["prompt"], pair[key])
            means.append(score / n)
        by_hand.append(-math.log(sigmoid(2.0 * (means[0] - means[1]) - 0.7)))
    assert evaluated(trainer) == pytest.approx(sum(by_hand) / 2, rel=1e-4)


def test_kto_begins_at_one_half(tmp_path):
    """Ethayarajh et al. 2024, equation 8: 1 − σ(β(r − z)) is 1/2 while the policy is the reference.

    Pairs are taken as one wanted and one unwanted answer each.
    """
    model = with_lora(tiny_model())
    trainer = trainer_for("kto", PAIRS, tmp_path, model, {"beta": BETA})
    assert len(trainer.train_dataset) == 4
    assert evaluated(trainer) == pytest.approx(0.5, rel=1e-5)


def test_apo_zero_of_unpaired_answers(tmp_path):
    """D'Oosterlinck et al. 2024: wanted 1 − σ(β·r), unwanted σ(β·r), r = s − ref."""
    model = with_lora(tiny_model())
    preference = {"beta": BETA, "loss": "apo_zero_unpaired"}
    trainer = trainer_for("kto", PAIRS, tmp_path, model, preference)
    disturb(model)
    by_hand = []
    for plus, minus, ref_plus, ref_minus in policy_and_reference(model):
        by_hand += [1 - sigmoid(BETA * (plus - ref_plus)), sigmoid(BETA * (minus - ref_minus))]
    assert evaluated(trainer) == pytest.approx(sum(by_hand) / 4, rel=1e-4)
