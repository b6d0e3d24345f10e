"""AWS's `iot` over HTTP: provisioning templates, their versions, claims, RegisterThing."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import CloudError
from cloud_functions.ports import Clock
from cloud_functions.provisioning.errors import Rejected
from cloud_functions.provisioning.ownership import CLAIM_LIFETIME_S
from cloud_functions.provisioning.service import Pending, ProvisioningService
from cloud_functions.provisioning.template import MAX_TEMPLATE_BYTES
from cloud_functions.provisioning.templates import Changes, Hook, Record, Version
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.pages import PageWanted, page_of
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.message_core import MessageCore

_FLEET: Final = "FLEET_PROVISIONING"
_MIN_ROLE: Final = 20
_MAX_PARAMETER: Final = 4096

Work: TypeAlias = Callable[[Asked], Awaitable[dict[str, Any]]]


class ProvisioningFailed(CloudError):
    """AWS's ThrottlingException, as HTTP knows it."""

    code = "ThrottlingException"
    status = 400


def routes(
    service: ProvisioningService,
    core: MessageCore,
    authority: Authority,
    functions: Collection[str],
    clock: Clock,
) -> list[SignedRoute]:
    """The routes of provisioning; `functions` are those a template may ask."""
    desk = _Desk(service, core, authority, functions, clock)
    template, version = "/provisioning-templates/{templateName}", "/versions/{versionId}"
    operations: Sequence[tuple[str, str, Work]] = (
        ("POST", "/provisioning-templates", desk.create),
        ("GET", "/provisioning-templates", desk.list_templates),
        ("GET", template, desk.describe),
        ("PATCH", template, desk.update),
        ("DELETE", template, desk.delete),
        ("POST", f"{template}/versions", desk.create_version),
        ("GET", f"{template}/versions", desk.list_versions),
        ("GET", template + version, desk.describe_version),
        ("DELETE", template + version, desk.delete_version),
        ("POST", f"{template}/provisioning-claim", desk.claim),
        ("POST", "/things", desk.register_thing),
    )
    return [_route(*operation) for operation in operations]


def _route(method: str, path: str, work: Work) -> SignedRoute:
    async def handle(request: Request) -> Response:
        try:
            return answer(await work(await Asked.read(request)))
        except Rejected as error:  # the limits of devices hold for claims too
            raise ProvisioningFailed(str(error)) from None

    return SignedRoute(CONTROL_PLANE, method, path, handle, unsigned=False)


class _Desk:
    """The operations over the service; answers come after the commit."""

    def __init__(
        self,
        service: ProvisioningService,
        core: MessageCore,
        authority: Authority,
        functions: Collection[str],
        clock: Clock,
    ) -> None:
        self._service = service
        self._core = core
        self._authority = authority
        self._functions = functions
        self._clock = clock

    async def _settle(self, pending: Pending) -> None:
        await self._core.apply(self._service, pending)

    # ------------------------------------------------------------ templates

    async def create(self, asked: Asked) -> dict[str, Any]:
        kind = asked.text("type", _FLEET)
        if kind != _FLEET:
            raise InvalidAwsRequest(f"type is {_FLEET} here, not {kind}")
        now_s = self._clock()
        record = Record(
            name=asked.needed("templateName"),
            versions={1: Version(_body(asked), now_s)},
            default=1,
            created_s=now_s,
            modified_s=now_s,
            last_version=1,
            role_arn=_role(asked.needed("provisioningRoleArn")),
            enabled=asked.flag("enabled"),
            description=asked.text("description"),
            hook=self._hook(asked),
        )
        await self._settle(
            self._service.change_templates(record.name, lambda book: book.create(record))
        )
        return {
            "templateArn": record.arn,
            "templateName": record.name,
            "defaultVersionId": record.default,
        }

    async def list_templates(self, asked: Asked) -> dict[str, Any]:
        records = {record.name: record for record in self._service.templates.records()}
        found = page_of(list(records), asked.page())
        said: dict[str, Any] = {"templates": [_listed(records[name]) for name in found.items]}
        return said | ({"nextToken": found.token} if found.token else {})

    async def describe(self, asked: Asked) -> dict[str, Any]:
        record = self._service.templates.find(asked.needed("templateName"))
        said = {
            **_listed(record),
            "defaultVersionId": record.default,
            "templateBody": record.versions[record.default].body,
            "provisioningRoleArn": record.role_arn,
        }
        return said | ({"preProvisioningHook": record.hook.described()} if record.hook else {})

    async def update(self, asked: Asked) -> dict[str, Any]:
        name, now_s = asked.needed("templateName"), self._clock()
        hook, removes = self._hook(asked), asked.flag("removePreProvisioningHook")
        if hook is not None and removes:
            raise InvalidAwsRequest(
                "preProvisioningHook and removePreProvisioningHook exclude each other"
            )
        changes = Changes(
            description=asked.text("description") if asked.has("description") else None,
            enabled=asked.flag("enabled") if asked.has("enabled") else None,
            default=asked.number("defaultVersionId"),
            role_arn=_role(asked.text("provisioningRoleArn"))
            if asked.has("provisioningRoleArn")
            else None,
            hook=hook,
            remove_hook=removes,
        )
        await self._settle(
            self._service.change_templates(name, lambda book: book.update(name, changes, now_s))
        )
        return {}

    async def delete(self, asked: Asked) -> dict[str, Any]:
        name = asked.needed("templateName")
        await self._settle(self._service.change_templates(name, lambda book: book.delete(name)))
        return {}

    # ------------------------------------------------------------ versions

    async def create_version(self, asked: Asked) -> dict[str, Any]:
        name, body, now_s = asked.needed("templateName"), _body(asked), self._clock()
        as_default = asked.flag("setAsDefault")
        numbers: list[int] = []

        def add(book: Any) -> Any:
            number, write = book.add_version(name, body, now_s, as_default=as_default)
            numbers.append(number)
            return write

        await self._settle(self._service.change_templates(name, add))
        return {
            "templateArn": self._service.templates.find(name).arn,
            "templateName": name,
            "versionId": numbers[0],
            "isDefaultVersion": as_default,
        }

    async def list_versions(self, asked: Asked) -> dict[str, Any]:
        record = self._service.templates.find(asked.needed("templateName"))
        wanted: PageWanted = asked.page()
        found = page_of([f"{number:012}" for number in record.versions], wanted)
        said: dict[str, Any] = {
            "versions": [
                {
                    "versionId": number,
                    "creationDate": record.versions[number].created_s,
                    "isDefaultVersion": number == record.default,
                }
                for number in map(int, found.items)
            ]
        }
        return said | ({"nextToken": found.token} if found.token else {})

    async def describe_version(self, asked: Asked) -> dict[str, Any]:
        name, number = asked.needed("templateName"), _version(asked)
        version = self._service.templates.version(name, number)
        return {
            "versionId": number,
            "creationDate": version.created_s,
            "templateBody": version.body,
            "isDefaultVersion": number == self._service.templates.find(name).default,
        }

    async def delete_version(self, asked: Asked) -> dict[str, Any]:
        name, number = asked.needed("templateName"), _version(asked)
        await self._settle(
            self._service.change_templates(name, lambda book: book.delete_version(name, number))
        )
        return {}

    # ------------------------------------------------------------ claims and things

    async def claim(self, asked: Asked) -> dict[str, Any]:
        name, now_s = asked.needed("templateName"), self._clock()
        self._service.templates.find(name)
        issued = await asyncio.to_thread(self._authority.issue_with_rsa)
        made, pending = self._service.claim(name, issued.pem, now_s)
        await self._settle(pending)
        return {
            "certificateId": made.id,
            "certificatePem": made.pem,
            "keyPair": {"PublicKey": issued.public_key_pem, "PrivateKey": issued.key_pem},
            "expiration": int(now_s + CLAIM_LIFETIME_S),
        }

    async def register_thing(self, asked: Asked) -> dict[str, Any]:
        parameters = asked.object("parameters").members
        for name, value in parameters.items():
            if not isinstance(value, str) or len(value) > _MAX_PARAMETER:
                raise InvalidAwsRequest(
                    f"parameter {name} is a text of at most {_MAX_PARAMETER} characters"
                )
        pem, arns = self._service.register_thing(_body(asked), parameters)
        return {"resourceArns": dict(arns)} | ({"certificatePem": pem} if pem else {})

    def _hook(self, asked: Asked) -> Hook | None:
        if not asked.has("preProvisioningHook"):
            return None
        said = asked.object("preProvisioningHook")
        hook = Hook(said.needed("targetArn"), said.text("payloadVersion", "2020-04-01"))
        if hook.function not in self._functions:
            known = ", ".join(sorted(self._functions)) or "none"
            raise InvalidAwsRequest(
                f"preProvisioningHook: there is no function {hook.target_arn}; there are {known}"
            )
        return hook


def _body(asked: Asked) -> str:
    body = asked.needed("templateBody")
    if len(body) > MAX_TEMPLATE_BYTES:
        raise InvalidAwsRequest(f"templateBody has at most {MAX_TEMPLATE_BYTES} characters")
    return body


def _role(arn: str) -> str:
    if len(arn) < _MIN_ROLE or not arn.startswith("arn:"):
        raise InvalidAwsRequest(f"provisioningRoleArn is the ARN of a role, not {arn!r}")
    return arn


def _version(asked: Asked) -> int:
    number = asked.number("versionId")
    if number is None:
        raise InvalidAwsRequest("versionId is missing")
    return number


def _listed(record: Record) -> dict[str, Any]:
    return {
        "templateArn": record.arn,
        "templateName": record.name,
        "description": record.description,
        "creationDate": record.created_s,
        "lastModifiedDate": record.modified_s,
        "enabled": record.enabled,
        "type": _FLEET,
    }
