"""What all tables of a scenario have in common: no unknown keys, no guessed types."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

ALLOWED: Final = "x-allowed"
"""The member of a JSON Schema that says in words what a key may hold."""


class Table(BaseModel):
    """One table of a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def in_words(allowed: str, **schema: Any) -> WithJsonSchema:
    """A JSON Schema with the words that a mistake tells."""
    return WithJsonSchema({**schema, ALLOWED: allowed})


def one_of(words: Sequence[str]) -> WithJsonSchema:
    """A JSON Schema of some words."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


def refused() -> PydanticCustomError:
    """The error of a value that is not what its key's schema says."""
    return PydanticCustomError("refused", "is not allowed here")


def contradiction(found: str, allowed: str, key: str) -> PydanticCustomError:
    """The error of keys of one table that do not go together; `key` is the one to look at."""
    told = {"found": found, "allowed": allowed, "key": key}
    return PydanticCustomError("contradiction", "found {found}, allowed: {allowed}", told)
