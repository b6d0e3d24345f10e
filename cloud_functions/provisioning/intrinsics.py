"""Reads a template's values and functions; every mistake names its JSON path."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloud_functions.provisioning.errors import InvalidTemplate
from cloud_functions.provisioning.nodes import (
    FindInMap,
    Join,
    Listed,
    Mappings,
    Node,
    Ref,
    Select,
    Split,
    Sub,
    Text,
)

HOLE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
BUILT_IN: Final = "AWS::IoT::Certificate::"
BUILT_INS: Final = tuple(
    BUILT_IN + name
    for name in (
        *("Id", "SerialNumber", "Country", "Organization", "OrganizationalUnit"),
        *("DistinguishedNameQualifier", "StateName", "CommonName"),
    )
)
"""Parameters that are the certificate's own; a device cannot set them."""
_MAX_DEPTH: Final = 20


class ValueReader:
    """Knows the template's parameters and mappings while its values are read."""

    def __init__(self, parameters: Sequence[str], mappings: Mappings) -> None:
        self._parameters = frozenset([*parameters, *BUILT_INS])
        self._mappings = mappings
        self._depth = 0
        self._functions: Mapping[str, Callable[[str, Any], Node]] = {
            "Ref": self._ref,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Split": self._split,
            "Fn::Sub": self._sub,
        }

    def is_function(self, raw: Any) -> bool:
        """Whether a value is a function and not an object."""
        return (
            isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)).startswith(("Ref", "Fn::"))
        )

    def value(self, path: str, raw: Any) -> Node:
        """A text, a list, or a function.  Raises InvalidTemplate."""
        if isinstance(raw, str):
            return Text(path, raw)
        if isinstance(raw, list):
            items = [self.value(f"{path}[{index}]", each) for index, each in enumerate(raw)]
            return Listed(path, items)
        if not isinstance(raw, dict) or len(raw) != 1:
            known = ", ".join(self._functions)
            raise InvalidTemplate(path, f"a text or one function is needed ({known}), not {raw!r}")
        ((name, said),) = raw.items()
        read = self._functions.get(name)
        if read is None:
            known = ", ".join(self._functions)
            raise InvalidTemplate(path, f"{name} is not a function here; there are {known}")
        if self._depth >= _MAX_DEPTH:
            raise InvalidTemplate(path, f"functions inside each other end at {_MAX_DEPTH}")
        self._depth += 1
        try:
            return read(f"{path}.{name}", said)
        finally:
            self._depth -= 1

    # ------------------------------------------------------------ a function each

    def _ref(self, path: str, said: Any) -> Node:
        if not isinstance(said, str):
            raise InvalidTemplate(path, f"the name of a parameter is needed, not {said!r}")
        self._check_parameter(path, said)
        return Ref(path, said)

    def _join(self, path: str, said: Any) -> Node:
        glue, parts = self._exactly(path, said, "a text and a list", 2)
        return Join(path, self.value(f"{path}[0]", glue), self._many(f"{path}[1]", parts))

    def _select(self, path: str, said: Any) -> Node:
        index, source = self._exactly(path, said, "an index and a list", 2)
        is_number = isinstance(index, int) and not isinstance(index, bool)
        counted = str(index) if is_number else index
        node = self.value(f"{path}[0]", counted)
        return Select(path, node, self._many(f"{path}[1]", source))

    def _split(self, path: str, said: Any) -> Node:
        separator, source = self._exactly(path, said, "a separator and a text", 2)
        if separator == "":
            raise InvalidTemplate(f"{path}[0]", "a separator has at least one character")
        return Split(path, self.value(f"{path}[0]", separator), self.value(f"{path}[1]", source))

    def _find_in_map(self, path: str, said: Any) -> Node:
        parts = self._exactly(path, said, "a mapping and two keys", 3)
        table, first, second = (
            self.value(f"{path}[{index}]", each) for index, each in enumerate(parts)
        )
        if isinstance(table, Text) and table.value not in self._mappings:
            known = ", ".join(self._mappings) or "none"
            raise InvalidTemplate(
                f"{path}[0]", f"there is no mapping {table.value}; there are {known}"
            )
        return FindInMap(path, table, first, second)

    def _sub(self, path: str, said: Any) -> Node:
        text, variables = said, {}
        if isinstance(said, list):
            text, variables = self._exactly(path, said, "a text and its variables", 2)
        if not isinstance(text, str) or not isinstance(variables, dict):
            raise InvalidTemplate(path, f"a text, or a text and its variables, not {said!r}")
        nodes = {name: self.value(f"{path}[1].{name}", each) for name, each in variables.items()}
        for hole in HOLE.finditer(text):
            if not hole.group(1) and hole.group(2) not in nodes:
                self._check_parameter(path, hole.group(2))
        return Sub(path, text, nodes)

    # ------------------------------------------------------------ what they share

    def _many(self, path: str, raw: Any) -> Node:
        """A list, or a function that makes one."""
        if isinstance(raw, str) or raw is None:
            raise InvalidTemplate(path, f"a list is needed, not {raw!r}")
        return self.value(path, raw)

    def _check_parameter(self, path: str, name: str) -> None:
        if name not in self._parameters:
            known = ", ".join(sorted(self._parameters - frozenset(BUILT_INS))) or "none"
            raise InvalidTemplate(
                path, f"there is no parameter {name}; there are {known}, and {BUILT_IN}Id and more"
            )

    @staticmethod
    def _exactly(path: str, said: Any, what: str, count: int) -> Sequence[Any]:
        if not isinstance(said, list) or len(said) != count:
            raise InvalidTemplate(path, f"a list of {what} is needed, not {said!r}")
        return said
