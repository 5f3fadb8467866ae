"""The parts in the order of their priority.

The seconds are what each takes on one H100, guessed from its work, and at most what it is given
three times over; nothing of them is a measurement.
"""

from __future__ import annotations

from benchmarks.gpu.records import Part

_EVAL = ("lm-eval", "datasets", "peft")
_TRAIN = ("trl", "peft", "datasets", "bitsandbytes", "accelerate")

PARTS = (
    Part("machine", "Machine", "machine:describe", 15, 5),
    Part("choices", "hf engine in bfloat16, choices", "engine:choices", 60, 10, _EVAL),
    Part("qlora-7b", "QLoRA, 7B", "training:qlora_7b", 60, 10, _TRAIN),
    Part("lora-7b", "LoRA, 7B", "training:lora_7b", 60, 10, _TRAIN),
    Part("kill", "A check killed and run again", "checks:kill_resume", 50, 25, _EVAL),
    Part("qlora-1b", "QLoRA, 1B", "training:qlora_1b", 50, 10, _TRAIN),
    Part("full-1b", "All weights, 1B", "training:full_1b", 50, 10, _TRAIN),
    Part("adapters", "hf engine, adapters", "engine:adapters", 50, 10, _EVAL),
    Part("answers", "hf engine, generations", "engine:answers", 50, 10, _EVAL),
    Part("paged", "Paged 8-bit AdamW", "optimizer:paged", 30, 8, ("bitsandbytes",)),
    Part("outside", "Time outside the engine", "checks:outside", 150, 15, _EVAL),
    Part("full-7b", "All weights, 7B", "training:full_7b", 70, 10, _TRAIN),
    Part("lora-1b", "LoRA, 1B", "training:lora_1b", 45, 10, _TRAIN),
)
