"""The versions of the language, which a rule names with `awsIotSqlVersion` (AWS reference, 2.1)."""

from enum import StrEnum

from cloud_functions.errors import InvalidDeclaration


class SqlVersion(StrEnum):
    """The words on the wire; `beta` is understood as the second version."""

    FIRST = "2015-10-08"
    SECOND = "2016-03-23"
    BETA = "beta"

    @property
    def is_first(self) -> bool:
        """Whether whole decimals stay decimals, and arrays, objects and nested queries are none."""
        return self is SqlVersion.FIRST


def read_version(text: str) -> SqlVersion:
    """The version of that name.  Raises InvalidDeclaration."""
    try:
        return SqlVersion(text)
    except ValueError:
        known = ", ".join(SqlVersion)
        raise InvalidDeclaration(f"there is no SQL version {text!r}; there are {known}") from None
