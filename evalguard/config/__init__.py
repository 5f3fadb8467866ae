"""The YAML files that users write → validated, frozen models.

Every problem of every file is reported at once. May import scorers, records and errors.
"""

from evalguard.config.loading import load_yaml
from evalguard.config.model import ConfigModel

__all__ = ["ConfigModel", "load_yaml"]
