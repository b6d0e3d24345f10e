"""How the sections of AWS's requests are read: camelCase, no member unknown, faults by name."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from cloud_functions.jobs.errors import InvalidRequest

Read = TypeVar("Read", bound="Section")


class Section(BaseModel):
    """An object of a request, as AWS's model names its members."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, strict=True
    )

    def said(self) -> dict[str, Any]:
        """The object as AWS writes it, without what was not said."""
        return self.model_dump(by_alias=True, exclude_none=True)


def read(kind: type[Read], said: Mapping[str, Any]) -> Read:
    """The section behind a JSON object.  Raises InvalidRequest naming the member."""
    try:
        return kind.model_validate(dict(said))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(each) for each in fault["loc"])
        text = str(fault["msg"]).removeprefix("Value error, ")
        raise InvalidRequest(f"{where}: {text}" if where else text) from None
