"""Job templates: how a job is carried out, with its document, to make jobs from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.errors import NotFound
from cloud_functions.jobs.plan.configuration import Conduct
from cloud_functions.jobs.plan.job import ARN_PREFIX

_TEMPLATE: Final = b"t"


@dataclass(frozen=True, slots=True)
class Template:
    """A job template."""

    id: str
    created_s: int
    description: str
    document: str
    document_source: str | None
    conduct: Conduct

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"{ARN_PREFIX}jobtemplate/{self.id}"

    def listed(self) -> dict[str, Any]:
        """The template in the answer of ListJobTemplates."""
        return {
            "jobTemplateArn": self.arn,
            "jobTemplateId": self.id,
            "description": self.description,
            "createdAt": self.created_s,
        }

    def described(self) -> dict[str, Any]:
        """The answer of DescribeJobTemplate."""
        said = {**self.listed(), "document": self.document, **self.conduct.described()}
        if self.document_source is not None:
            said["documentSource"] = self.document_source
        return said


class Templates:
    """The templates in the store; few, and read from there each time."""

    def __init__(self, store: CellStore) -> None:
        self._store = store

    def find(self, template_id: str) -> Template | None:
        """A template, or None."""
        raw = self._store.get(Space.JOBS, _TEMPLATE + template_id.encode())
        return None if raw is None else _revive(template_id, orjson.loads(raw))

    def get(self, template_id: str) -> Template:
        """A template.  Raises NotFound."""
        found = self.find(template_id)
        if found is None:
            raise NotFound(f"Job template {template_id} does not exist")
        return found

    def by_arn(self, arn: str) -> Template:
        """The template an ARN names.  Raises NotFound."""
        return self.get(arn.rpartition("/")[2])

    def all(self) -> Sequence[Template]:
        """All templates, by name."""
        stored = self._store.scan(Space.JOBS, _TEMPLATE)
        return [_revive(key[1:].decode(), orjson.loads(raw)) for key, raw in stored]

    @staticmethod
    def keep(draft: Draft, template: Template) -> None:
        """Write a template."""
        raw = orjson.dumps(
            {
                "created": template.created_s,
                "description": template.description,
                "document": template.document,
                "documentSource": template.document_source,
                "conduct": template.conduct.said(),
            }
        )
        draft.writes.append(Write(Space.JOBS, _TEMPLATE + template.id.encode(), raw))

    @staticmethod
    def erase(draft: Draft, template_id: str) -> None:
        """Remove a template."""
        draft.writes.append(Write(Space.JOBS, _TEMPLATE + template_id.encode(), None))


def _revive(template_id: str, said: Mapping[str, Any]) -> Template:
    return Template(
        id=template_id,
        created_s=said["created"],
        description=said["description"],
        document=said["document"],
        document_source=said["documentSource"],
        conduct=Conduct.model_validate(said["conduct"]),
    )
