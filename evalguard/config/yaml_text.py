"""YAML text → plain data, with nothing guessed.

PyYAML speaks YAML 1.1, where ``no`` is false, ``1:30`` is ninety, ``5e-4`` is text and a key that
appears twice wins silently. The loader here follows the core schema of YAML 1.2 and refuses
duplicate keys.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, ClassVar, NoReturn

import yaml

from evalguard.errors import ConfigError, Problem


class _Loader(yaml.SafeLoader):
    """A safe loader that knows mappings, lists, text, numbers, booleans and null alone."""

    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self.file = file
        self.problems: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Note duplicate keys and keys that are not text, then build the mapping."""
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _TAG + "merge":
                continue
            if key_node.tag != _TAG + "str":
                written = getattr(key_node, "value", "")
                shown = f"key {written}" if isinstance(written, str) else "a key"
                self._note(f"line {line}: {shown} is not text; write it in quotes")
            elif key_node.value in seen:
                self._note(
                    f"line {line}: key '{key_node.value}' appears twice "
                    f"(first in line {seen[key_node.value]}); remove one"
                )
            else:
                seen[key_node.value] = line
        return super().construct_mapping(node, deep=True)

    def compose_document(self) -> yaml.Node | None:
        """Return the document's tree, unless its aliases stand for far more than is written."""
        root = super().compose_document()
        sizes: dict[yaml.Node, int] = {}
        if root and _expanded(root, sizes) > len(sizes) + _MOST_REPEATED:
            self._refuse(root, f"its aliases (*name) stand for over {_MOST_REPEATED:,} values")
        return root

    def construct_plain(self, node: yaml.ScalarNode) -> Any:
        """Return a number or a truth value that every later step can write."""
        if len(node.value) > _LONGEST_NUMBER:
            self._refuse(node, f"a number of {len(node.value):,} characters")
        kind = node.tag.removeprefix(_TAG)
        try:
            return yaml.SafeLoader.yaml_constructors[node.tag](self, node)
        except (ValueError, KeyError, IndexError):
            self._refuse(node, f"'{node.value}' is no {kind}")

    def _refuse(self, node: yaml.Node, message: str) -> NoReturn:
        raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)

    def _note(self, message: str) -> None:
        problem = Problem(self.file, "", message)
        if problem not in self.problems:  # an anchored mapping is built at each use
            self.problems.append(problem)


def _expanded(node: yaml.Node, sizes: dict[yaml.Node, int]) -> int:
    """Return how many values a tree has when each alias is replaced by what it stands for."""
    if node not in sizes:
        sizes[node] = 1  # also for an alias within its own parent, which is refused later
        children = node.value if isinstance(node, yaml.CollectionNode) else ()
        pairs = isinstance(node, yaml.MappingNode)
        each = (one for pair in children for one in pair) if pairs else children
        sizes[node] += sum(_expanded(child, sizes) for child in each)
    return sizes[node]


_MOST_REPEATED = 100_000
"""Values that aliases may add to a document."""

_LONGEST_NUMBER = 100
"""Characters of a number: far more than a float tells apart, and less than overflows one."""

_TAG = "tag:yaml.org,2002:"
_EXPONENT = r"[eE][-+]?[0-9]+"
_SCALARS = {  # the core schema of YAML 1.2: pattern, and the characters that it can start with
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        rf"[-+]?(([0-9]+\.[0-9]*|\.[0-9]+)({_EXPONENT})?|[0-9]+{_EXPONENT}|\.(inf|Inf|INF))"
        r"|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    "merge": (r"<<", ["<"]),
}
_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _starts) in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(f"^(?:{_pattern})$"), _starts)
for _tag in (
    *(_TAG + _kind for _kind in ("map", "seq", "str", "int", "float", "bool", "null")),
    None,
):
    _Loader.yaml_constructors[_tag] = yaml.SafeLoader.yaml_constructors[_tag]
for _kind in ("int", "float", "bool"):
    _Loader.yaml_constructors[_TAG + _kind] = _Loader.construct_plain


def parse_yaml(text: str, file: str) -> Any:
    r"""Return the data of one YAML document.

    Args:
        text: The document.
        file: Its path as the user wrote it, for messages.

    Raises:
        ConfigError: With the line and column of a syntax error, or with every duplicate key.

    Example:
        >>> parse_yaml("rate: 5e-4\nstop: [no, 1:30]", "a.yaml")
        {'rate': 0.0005, 'stop': ['no', '1:30']}
    """
    loader = None
    try:
        loader = _Loader(text, file)
        data = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([Problem(file, "", _syntax_message(error))]) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # such as of "\\UFFFFFFFF"
        raise ConfigError(
            [Problem(file, "", f"not YAML: {' '.join(str(error).split())}")]
        ) from error
    except RecursionError as error:
        raise ConfigError([Problem(file, "", "not usable: nested too deeply")]) from error
    finally:
        if loader is not None:
            loader.dispose()
    if loader.problems:
        raise ConfigError(loader.problems)
    return data


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    """Say in one line where the syntax breaks and why."""
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = error.problem or "cannot be read"
    context = f" ({error.context})" if error.context else ""
    hint = ""
    if r"'\t'" in problem:
        hint = "; indent with spaces, not with tabs"
    elif "mapping values are not allowed" in problem:
        hint = "; put text that holds ': ' in quotes"
    return f"not YAML: {where}{problem}{context}{hint}"
