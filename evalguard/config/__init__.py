"""The YAML files that users write → validated, frozen models.

Every problem of every file is reported at once. May import tasks, demands, scorers, records and
errors.
"""

from evalguard.config.loading import load_yaml
from evalguard.config.project import BASELINE, JUDGE, Noise, ProjectConfig, Selection
from evalguard.config.project_loading import PROJECT_FILE, load_project
from evalguard.config.resolved import (
    LoadedProject,
    ModelSpec,
    Project,
    Suite,
    Thresholds,
    store_location,
)
from evalguard.config.suite import SuiteConfig
from evalguard.config.thresholds import ThresholdsConfig
from evalguard.config_model import ConfigModel

__all__ = [
    "BASELINE",
    "JUDGE",
    "PROJECT_FILE",
    "ConfigModel",
    "LoadedProject",
    "ModelSpec",
    "Noise",
    "Project",
    "ProjectConfig",
    "Selection",
    "Suite",
    "SuiteConfig",
    "Thresholds",
    "ThresholdsConfig",
    "load_project",
    "load_yaml",
    "store_location",
]
