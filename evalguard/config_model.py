"""The base of every model that a YAML file is validated against."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints


class ConfigModel(BaseModel):
    """Frozen; an unknown key, a value of another type, NaN and infinity are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
        defer_build=True,  # what no file of a project needs is not built
    )

    @classmethod
    def schema_for(cls, data: Any) -> dict[str, Any]:
        """Return the JSON schema of a file, which may depend on what it holds."""
        return cls.model_json_schema()


NonEmpty = Annotated[str, StringConstraints(min_length=1)]
"""Text of at least one character."""
