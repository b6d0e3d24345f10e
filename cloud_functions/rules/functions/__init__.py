"""The functions of the language, by subject (AWS reference, section 2.5; docs/rules.md).

Each takes evaluated arguments; a wrong one gives UNDEFINED, and so does a wrong number of them.
"""

from collections.abc import Mapping
from typing import Final

from cloud_functions.rules.functions import (
    bits,
    collections,
    dates,
    encodings,
    external,
    mathematics,
    message,
    mqtt5,
    regular_expressions,
    strings,
)
from cloud_functions.rules.functions.external import NOT_RUN
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.versions import SqlVersion

_VERSION: Final = {
    "sql_version": Function(lambda version: version.value, 0, 0, wants_version=True),
}

FUNCTIONS: Final[Mapping[str, Function]] = {
    **mathematics.FUNCTIONS,
    **bits.FUNCTIONS,
    **strings.FUNCTIONS,
    **regular_expressions.FUNCTIONS,
    **encodings.FUNCTIONS,
    **dates.FUNCTIONS,
    **collections.FUNCTIONS,
    **message.FUNCTIONS,
    **mqtt5.FUNCTIONS,
    **external.FUNCTIONS,
    **_VERSION,
}
"""By name in lower case; case does not matter in a statement."""

_FIRST, _SECOND = SqlVersion.FIRST, SqlVersion.SECOND

CAST_TYPES: Final[Mapping[str, SqlVersion]] = {
    **dict.fromkeys(("string", "nvarchar", "text", "ntext", "varchar"), _FIRST),
    **dict.fromkeys(("int", "integer", "double"), _FIRST),
    **dict.fromkeys(("decimal", "bool", "boolean"), _SECOND),
}
"""What may stand after AS in cast(), and the version that brought it (section 2.3)."""

__all__ = ["CAST_TYPES", "FUNCTIONS", "NOT_RUN", "Function"]
