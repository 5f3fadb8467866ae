"""The base of every model that a YAML file is validated against."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


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


_ACTING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the writing direction of what follows."""


def _on_one_line(text: str) -> str:
    for character in text:
        if character in _ACTING or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise ValueError(
                f"holds U+{ord(character):04X}, a control character; write the name on one line"
            )
    return text


Name = Annotated[NonEmpty, AfterValidator(_on_one_line)]
"""Text for people to read, on one line and without characters that act on a display."""
