"""``suites/NAME.yaml``: what a model is asked, and how its answers are scored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    create_model,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from evalguard.config_model import ConfigModel
from evalguard.records import Ability
from evalguard.tasks import registry
from evalguard.tasks.kind import TaskConfig


@dataclass(frozen=True, slots=True)
class _ByKind:
    """Reads a task by its kind; no other kind is imported.

    Attributes:
        of_packages: Kinds that the JSON schema has beside the built-in ones.
    """

    of_packages: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_read_task)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        kinds = [*registry.built_in(), *map(registry.find_kind, self.of_packages)]
        return handler(_union(kind.config for kind in kinds))


def _read_task(value: Any) -> TaskConfig:
    if isinstance(value, TaskConfig):
        return value
    if not isinstance(value, dict):
        raise PydanticKnownError("model_attributes_type")
    if "kind" not in value:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
    name = value["kind"]
    if not isinstance(name, str) or not registry.is_kind(name):
        known = ", ".join(f"'{one}'" for one in registry.names())
        context = {"discriminator": "'kind'", "tag": str(name), "expected_tags": known}
        raise PydanticKnownError("union_tag_invalid", context)
    # Through JSON for the same reason as a whole file: it is plain data again by now.
    return registry.find_kind(name).config.model_validate_json(json.dumps(value))


def _union(configs: Iterable[type[TaskConfig]]) -> CoreSchema:
    members: Any = Annotated[Union[tuple(configs)], Field(discriminator="kind")]  # noqa: UP007 - a list
    return TypeAdapter(members).core_schema


if TYPE_CHECKING:
    Task = TaskConfig
else:
    Task = Annotated[TaskConfig, _ByKind()]
"""A task of any kind; a kind is a row of :mod:`evalguard.tasks.registry`."""


def _without_duplicates(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    names = [task.task_name for task in tasks]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise ValueError(f"several tasks are called {', '.join(duplicates)}; give each a 'name'")
    return tasks


class SuiteConfig(ConfigModel):
    """A suite: tasks that measure one ability. Paths are relative to its file."""

    version: Literal[1]
    """Version of this file format."""
    description: str = ""
    """What it measures, in a sentence."""
    ability: Ability = Ability.OTHER
    """What it measures, for the diagnosis."""
    tasks: Annotated[tuple[Task, ...], AfterValidator(_without_duplicates)] = Field(min_length=1)

    @classmethod
    def schema_for(cls, data: Any) -> dict[str, Any]:
        """Return the JSON schema with the kinds of packages that a file names."""
        tasks = data.get("tasks") if isinstance(data, dict) else None
        listed = tasks if isinstance(tasks, list) else []
        named = [one.get("kind") for one in listed if isinstance(one, dict)]
        kinds = {one for one in named if isinstance(one, str) and not registry.is_built_in(one)}
        return cls._schema_with(tuple(sorted(filter(registry.is_kind, kinds))))

    @classmethod
    def schema_of_all_kinds(cls) -> dict[str, Any]:
        """Return the JSON schema with the kinds of all installed packages."""
        of_packages = (one for one in registry.names() if not registry.is_built_in(one))
        return cls._schema_with(tuple(of_packages))

    @classmethod
    def _schema_with(cls, of_packages: tuple[str, ...]) -> dict[str, Any]:
        if not of_packages:
            return cls.model_json_schema()
        entries: Any = GenericAlias(tuple, (Annotated[TaskConfig, _ByKind(of_packages)], ...))
        extended = create_model(cls.__name__, __base__=cls, tasks=(entries, ...))
        return extended.model_json_schema()
