"""The account's provisioning templates and their versions (AWS reference, section 5)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from cloud_functions.cells import Space, Write
from cloud_functions.errors import CloudError, Conflict, InvalidRequest, NotFound
from cloud_functions.provisioning.errors import InvalidTemplate
from cloud_functions.provisioning.template import Template, read_template
from cloud_functions.region import ACCOUNT, REGION

MAX_TEMPLATES: Final = 256
MAX_VERSIONS: Final = 5
HOOK_VERSION: Final = "2020-04-01"
_PREFIX: Final = b"template/"
_NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,36}\Z")
_MAX_DESCRIPTION: Final = 500


class InvalidTemplateRequest(InvalidRequest):
    """AWS's InvalidRequestException."""

    code = "InvalidRequestException"


class NoSuchTemplate(NotFound):
    """AWS's ResourceNotFoundException."""

    code = "ResourceNotFoundException"


class TemplateExists(Conflict):
    """AWS's ResourceAlreadyExistsException."""

    code = "ResourceAlreadyExistsException"


class TooManyTemplates(CloudError):
    """AWS's LimitExceededException."""

    code = "LimitExceededException"
    status = 410


class TooManyVersions(Conflict):
    """AWS's VersionsLimitExceededException."""

    code = "VersionsLimitExceededException"


class DefaultVersionStays(Conflict):
    """AWS's DeleteConflictException."""

    code = "DeleteConflictException"


@dataclass(frozen=True, slots=True)
class Hook:
    """The function asked before a device is provisioned."""

    target_arn: str
    payload_version: str = HOOK_VERSION

    @property
    def function(self) -> str:
        """The function's name."""
        return self.target_arn.rpartition(":function:")[2].split(":")[0]

    def described(self) -> dict[str, str]:
        """As the control plane says it."""
        return {"payloadVersion": self.payload_version, "targetArn": self.target_arn}


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a template."""

    body: str
    created_s: float


@dataclass(frozen=True, slots=True)
class Record:
    """A template with all its versions, by their numbers."""

    name: str
    versions: Mapping[int, Version]
    default: int
    created_s: float
    modified_s: float
    last_version: int
    role_arn: str
    enabled: bool = False
    description: str = ""
    hook: Hook | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iot:{REGION}:{ACCOUNT}:provisioningtemplate/{self.name}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update says; None leaves a property as it is."""

    description: str | None = None
    enabled: bool | None = None
    default: int | None = None
    role_arn: str | None = None
    hook: Hook | None = None
    remove_hook: bool = False


class TemplateBook:
    """Every method that changes something returns what to commit."""

    def __init__(self, stored: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._records: dict[str, Record] = {}
        self._read: dict[tuple[str, int], Template] = {}
        for key, raw in stored:
            if key.startswith(_PREFIX):
                record = _revive(orjson.loads(raw))
                self._records[record.name] = record

    # ------------------------------------------------------------ reading

    def find(self, name: str) -> Record:
        """A template.  Raises NoSuchTemplate."""
        record = self._records.get(name)
        if record is None:
            raise NoSuchTemplate(f"Provisioning template {name} not found.")
        return record

    def version(self, name: str, number: int) -> Version:
        """One of its versions.  Raises NoSuchTemplate."""
        version = self.find(name).versions.get(number)
        if version is None:
            raise NoSuchTemplate(f"Provisioning template {name} has no version {number}.")
        return version

    def records(self) -> list[Record]:
        """All of them by name."""
        return [self._records[name] for name in sorted(self._records)]

    def current(self, name: str) -> Template:
        """What is evaluated for a device: the default version, read once."""
        record = self.find(name)
        key = (name, record.default)
        if key not in self._read:
            self._read[key] = read_template(record.versions[record.default].body)
        return self._read[key]

    # ------------------------------------------------------------ writing

    def create(self, wanted: Record) -> Write:
        """One more template, with its first version."""
        check_record(wanted)
        if wanted.name in self._records:
            raise TemplateExists(f"Provisioning template {wanted.name} already exists.")
        if len(self._records) >= MAX_TEMPLATES:
            raise TooManyTemplates(f"an account has at most {MAX_TEMPLATES} templates")
        return self._keep(wanted)

    def update(self, name: str, changes: Changes, now_s: float) -> Write:
        """Change what is given."""
        record = self.find(name)
        if changes.default is not None:
            self.version(name, changes.default)
        hook = None if changes.remove_hook else changes.hook or record.hook
        changed = replace(
            record,
            description=_or(changes.description, record.description),
            enabled=_or(changes.enabled, record.enabled),
            default=_or(changes.default, record.default),
            role_arn=_or(changes.role_arn, record.role_arn),
            hook=hook,
            modified_s=now_s,
        )
        return self._keep(_checked(changed))

    def delete(self, name: str) -> Write:
        """Forget it with all its versions."""
        record = self.find(name)
        del self._records[name]
        self._forget_read(name)
        return Write(Space.PROVISIONING, _PREFIX + record.name.encode(), None)

    def add_version(
        self, name: str, body: str, now_s: float, *, as_default: bool
    ) -> tuple[int, Write]:
        """One more version; its number."""
        record = self.find(name)
        _check_body(body)
        if len(record.versions) >= MAX_VERSIONS:
            raise TooManyVersions(f"a template has at most {MAX_VERSIONS} versions")
        number = record.last_version + 1
        changed = replace(
            record,
            versions={**record.versions, number: Version(body, now_s)},
            default=number if as_default else record.default,
            last_version=number,
            modified_s=now_s,
        )
        return number, self._keep(changed)

    def delete_version(self, name: str, number: int) -> Write:
        """Forget a version that is not the default."""
        record = self.find(name)
        self.version(name, number)
        if number == record.default:
            raise DefaultVersionStays(f"version {number} of {name} is the default version")
        left = {key: each for key, each in record.versions.items() if key != number}
        self._read.pop((name, number), None)
        return self._keep(replace(record, versions=left))

    def declare(self, wanted: Record) -> Write | None:
        """Make a template what a declaration says; None if it is so already.

        Another body becomes a new default version, and the oldest goes when there are too many.
        """
        known = self._records.get(wanted.name)
        body = wanted.versions[wanted.default]
        if known is None:
            return self.create(wanted)
        changed = replace(
            known,
            description=wanted.description,
            enabled=wanted.enabled,
            role_arn=wanted.role_arn,
            hook=wanted.hook,
        )
        if known.versions[known.default].body != body.body:
            _check_body(body.body)
            versions = dict(known.versions)
            if len(versions) >= MAX_VERSIONS:
                del versions[min(versions)]
            number = known.last_version + 1
            versions[number] = body
            changed = replace(changed, versions=versions, default=number, last_version=number)
        if changed == known:
            return None
        return self._keep(_checked(replace(changed, modified_s=wanted.modified_s)))

    def restore(self, name: str, record: Record | None) -> None:
        """A commit failed: what was there before is there again."""
        self._forget_read(name)
        if record is None:
            self._records.pop(name, None)
        else:
            self._records[name] = record

    def known(self, name: str) -> Record | None:
        """The template, or None."""
        return self._records.get(name)

    def _keep(self, record: Record) -> Write:
        self._records[record.name] = record
        return Write(Space.PROVISIONING, _PREFIX + record.name.encode(), _preserve(record))

    def _forget_read(self, name: str) -> None:
        for key in [key for key in self._read if key[0] == name]:
            del self._read[key]


def _or(new: Any, old: Any) -> Any:
    return old if new is None else new


def is_template_name(text: str) -> bool:
    """Whether the text may name a template."""
    return _NAME.match(text) is not None


def check_record(record: Record) -> None:
    """Whether a template may be kept.  Raises InvalidTemplateRequest, InvalidTemplate."""
    if not is_template_name(record.name):
        raise InvalidTemplateRequest(
            f"{record.name!r} is no template name: 1 to 36 of [0-9A-Za-z_-]"
        )
    _checked(record)
    for version in record.versions.values():
        _check_body(version.body)


def _check_body(body: str) -> None:
    """Whether the text is a template for claims.

    A device that provisions itself brings a certificate that the cloud made before, so the
    template can only name it.
    """
    template = read_template(body)
    certificate = template.certificate
    if certificate is not None and certificate.certificate_id is None:
        raise InvalidTemplate(
            certificate.path,
            "a fleet provisioning template takes CertificateId;"
            " CertificateSigningRequest and CertificatePem are for RegisterThing",
        )


def _checked(record: Record) -> Record:
    if len(record.description) > _MAX_DESCRIPTION:
        raise InvalidTemplateRequest(f"a description has at most {_MAX_DESCRIPTION} characters")
    return record


def _preserve(record: Record) -> bytes:
    return orjson.dumps(
        {
            "name": record.name,
            "versions": [
                [number, each.body, each.created_s] for number, each in record.versions.items()
            ],
            "default": record.default,
            "created": record.created_s,
            "modified": record.modified_s,
            "last": record.last_version,
            "role": record.role_arn,
            "enabled": record.enabled,
            "description": record.description,
            "hook": record.hook and [record.hook.target_arn, record.hook.payload_version],
        }
    )


def _revive(said: Mapping[str, Any]) -> Record:
    return Record(
        name=said["name"],
        versions={number: Version(body, at) for number, body, at in said["versions"]},
        default=said["default"],
        created_s=said["created"],
        modified_s=said["modified"],
        last_version=said["last"],
        role_arn=said["role"],
        enabled=said["enabled"],
        description=said["description"],
        hook=Hook(*said["hook"]) if said["hook"] else None,
    )
