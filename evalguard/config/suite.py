"""``suites/NAME.yaml``: what a model is asked, and how its answers are scored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import (
    AfterValidator,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
)
from pydantic_core import PydanticKnownError

from evalguard.config_model import ConfigModel
from evalguard.records import Ability
from evalguard.tasks import registry
from evalguard.tasks.kind import TaskConfig


def _read_task(value: Any, read_union: ValidatorFunctionWrapHandler) -> TaskConfig:
    """Read a task by its kind; packages are looked for where that is not built in."""
    if isinstance(value, TaskConfig):
        return value
    name = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(name, str):
        found: TaskConfig = read_union(value)  # which says what is wrong with it
        return found
    if not registry.is_kind(name):
        known = ", ".join(f"'{one}'" for one in registry.names())
        context = {"discriminator": "'kind'", "tag": name, "expected_tags": known}
        raise PydanticKnownError("union_tag_invalid", context)
    # Through JSON for the same reason as a whole file: it is plain data again by now.
    return registry.find_kind(name).config.model_validate_json(json.dumps(value))


def _kind_named(value: Any) -> str | None:
    """Return the kind that an entry names, where that is not built in."""
    name = value.get("kind") if isinstance(value, dict) else None
    return name if isinstance(name, str) and not registry.is_built_in(name) else None


def _union(configs: Iterable[type[TaskConfig]]) -> Any:
    return Annotated[Union[tuple(configs)], Field(discriminator="kind")]  # noqa: UP007 - of a list


_BUILT_IN = [kind.config for kind in registry.built_in()]

if TYPE_CHECKING:
    Task = TaskConfig
else:
    Task = Annotated[_union(_BUILT_IN), WrapValidator(_read_task)]
"""Every kind of task; a kind is a row of :mod:`evalguard.tasks.registry`."""


def _without_twins(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    names = [task.task_name for task in tasks]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"several tasks are called {', '.join(twins)}; give each a 'name'")
    return tasks


class SuiteConfig(ConfigModel):
    """A suite: tasks that measure one ability. Paths are relative to its file."""

    version: Literal[1]
    """Version of this file format."""
    description: str = ""
    """What it measures, in a sentence."""
    ability: Ability = Ability.OTHER
    """What it measures, for the diagnosis."""
    tasks: Annotated[tuple[Task, ...], AfterValidator(_without_twins)] = Field(min_length=1)

    @classmethod
    def schema_for(cls, data: Any) -> dict[str, Any]:
        """Return the JSON schema with the kinds of packages that a file names."""
        tasks = data.get("tasks") if isinstance(data, dict) else None
        named = {_kind_named(one) for one in tasks} if isinstance(tasks, list) else set()
        of_packages = [
            registry.find_kind(name).config
            for name in sorted(name for name in named if name)
            if registry.is_kind(name)
        ]
        if not of_packages:
            return cls.model_json_schema()
        entries: Any = GenericAlias(tuple, (_union([*_BUILT_IN, *of_packages]), ...))
        extended = create_model(cls.__name__, __base__=cls, tasks=(entries, ...))
        return extended.model_json_schema()
