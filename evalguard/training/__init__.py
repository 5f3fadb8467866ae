"""Fine-tuning: data, audit, training, merging and estimates.

``evalguard.training.finetune.train`` goes from a :class:`TrainingConfig` to an adapter. May import
everything below the command line and the pytest plugin; torch, transformers, trl and peft are
imported by the modules that train, never by this one.
"""

from evalguard.training.config import TrainingConfig
from evalguard.training.load import load_training_config

__all__ = ["TrainingConfig", "load_training_config"]
