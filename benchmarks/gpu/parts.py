"""The parts in the order of their priority.

The seconds are rough guesses for one H100, not measurements; a part is stopped after three times
its seconds.
"""

from __future__ import annotations

from benchmarks.gpu.records import Part

_MODELS = ("torch", "transformers")
_EVAL = (*_MODELS, "lm-eval", "datasets", "peft")
_CHECK = (*_EVAL, "evalguard")
_TRAIN = (*_MODELS, "trl", "peft", "datasets", "bitsandbytes", "accelerate")

PARTS = (
    Part("machine", "Machine", "benchmarks.gpu.machine:describe", 15, 5, _MODELS),
    Part(
        "choices", "hf engine in bfloat16, choices", "benchmarks.gpu.engine:choices", 60, 10, _EVAL
    ),
    Part("qlora-7b", "QLoRA, 7B", "benchmarks.gpu.training:qlora_7b", 60, 10, _TRAIN),
    Part("lora-7b", "LoRA, 7B", "benchmarks.gpu.training:lora_7b", 60, 10, _TRAIN),
    Part("kill", "A check killed and resumed", "benchmarks.gpu.checks:kill_resume", 50, 60, _CHECK),
    Part("qlora-1b", "QLoRA, 1B", "benchmarks.gpu.training:qlora_1b", 50, 10, _TRAIN),
    Part("full-1b", "All weights, 1B", "benchmarks.gpu.training:full_1b", 50, 10, _TRAIN),
    Part("adapters", "hf engine, adapters", "benchmarks.gpu.engine:adapters", 50, 10, _EVAL),
    Part("answers", "hf engine, generations", "benchmarks.gpu.engine:answers", 50, 10, _EVAL),
    Part(
        "paged",
        "Paged 8-bit AdamW",
        "benchmarks.gpu.optimizer:paged",
        30,
        8,
        (*_MODELS, "bitsandbytes"),
    ),
    Part("overhead", "Time outside the engine", "benchmarks.gpu.checks:overhead", 150, 15, _CHECK),
    Part("full-7b", "All weights, 7B", "benchmarks.gpu.training:full_7b", 70, 10, _TRAIN),
    Part("lora-1b", "LoRA, 1B", "benchmarks.gpu.training:lora_1b", 45, 10, _TRAIN),
)
