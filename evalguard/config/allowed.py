"""What a model allows at a place in a file, read off its JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from evalguard.config_model import ConfigModel

Schema = Mapping[str, Any]
KeyPath = tuple[str | int, ...]


class Allowed:
    """Names and values that a model allows, given the data that chose among its unions."""

    def __init__(self, model: type[BaseModel], data: Any) -> None:
        self._root: Schema = (
            model.schema_for(data) if issubclass(model, ConfigModel) else model.model_json_schema()
        )
        self._data = data

    def keys(self, path: KeyPath) -> list[str]:
        """Return the names that the mapping at ``path`` may hold."""
        return sorted({key for each in self._at(path) for key in each.get("properties", {})})

    def values(self, path: KeyPath) -> list[str]:
        """Return the values that a choice at ``path`` may take."""
        values: list[str] = []
        for each in self._at(path):
            values += [str(value) for value in each.get("enum", [])]
            values += [str(each["const"])] if "const" in each else []
        return list(dict.fromkeys(values))

    def _at(self, path: KeyPath) -> list[Schema]:
        """Return the plain schemas for the value at ``path``."""
        data = self._data
        schemas = self._plain(self._root, data)
        for key in path:
            data = _step(data, key)
            inner = (_inner(schema, key) for schema in schemas)
            schemas = [plain for each in inner if each for plain in self._plain(each, data)]
        return schemas

    def _plain(self, schema: Schema, data: Any) -> list[Schema]:
        """Follow references and unions to the plain schemas that may hold for ``data``."""
        if "$ref" in schema:
            return self._plain(self._root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], data)
        if "discriminator" in schema and isinstance(data, dict):
            discriminator = schema["discriminator"]
            tag = data.get(discriminator["propertyName"])
            chosen = discriminator["mapping"].get(tag) if isinstance(tag, str) else None
            if chosen:
                return self._plain({"$ref": chosen}, data)
        members = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if members:
            return [plain for member in members for plain in self._plain(member, data)]
        return [schema]


def _step(data: Any, key: str | int) -> Any:
    """Return the value under a key, or ``None``."""
    if isinstance(data, dict):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) else None


def _inner(schema: Schema, key: str | int) -> Schema | None:
    """Return the schema of one item or one key."""
    if isinstance(key, int):
        inner = schema.get("items")
    else:
        named = schema.get("properties", {}).get(key)
        patterns = schema.get("patternProperties", {})  # a mapping whose names are restricted
        inner = named or next(iter(patterns.values()), schema.get("additionalProperties"))
    return inner if isinstance(inner, Mapping) else None
