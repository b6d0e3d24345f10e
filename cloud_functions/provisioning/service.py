"""Answers devices that hold a claim: a certificate first, then a thing to go with it.

An answer goes to the client that asked and to nobody else, because it may carry a private key
(`Message.receiver`).  Where the broker does not tell who asked (`n/a`: Mosquitto, or a publish by
HTTP) the answer is for all who subscribed; so keys are never generated there, and the refusal says
to send a signing request, whose private key never travels.

Certificates and things are in the registry, durable as soon as they are made; tokens and templates
go the way of the other services' state.  A crash between the two leaves a certificate that waits
and is deleted after an hour, or a token for one that was registered, which is worth nothing.
"""

import itertools
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.contract import provisioning as topics
from cloud_functions.contract.provisioning import Operation, ProvisioningTopic
from cloud_functions.device_service import Changes
from cloud_functions.errors import CloudError
from cloud_functions.policies.defaults import claim_document, claim_name
from cloud_functions.ports import Message
from cloud_functions.provisioning import body, errors, hook
from cloud_functions.provisioning.errors import Rejected
from cloud_functions.provisioning.hook import HookAnswer
from cloud_functions.provisioning.ownership import (
    CLAIM_LIFETIME_S,
    TOKEN_LIFETIME_S,
    Waiting,
    WaitingBook,
    digest_of,
)
from cloud_functions.provisioning.plan import plan
from cloud_functions.provisioning.ports import (
    AskHook,
    HookCall,
    Issuer,
    KnownCertificate,
    OpenRegistry,
)
from cloud_functions.provisioning.registration import register
from cloud_functions.provisioning.template import read_template
from cloud_functions.provisioning.templates import Record, TemplateBook
from cloud_functions.provisioning.throttle import Throttle

PENDING: Final = "PENDING_ACTIVATION"
_UNKNOWN: Final = "n/a"
_EXPIRED_AT_ONCE: Final = 100
"""Certificates deleted in one transaction; more wait for the next tick."""
_USE_A_REQUEST: Final = (
    "This broker does not tell who asks, and a private key is for nobody else:"
    f" publish a certificate signing request to {topics.CERTIFICATES_PREFIX}"
    f"{Operation.CREATE_FROM_CSR}/json instead."
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProvisioningLimits:
    """Requests a second of the whole account (AWS reference, section 5), and what may wait."""

    create_keys_per_s: float = 10.0
    create_from_csr_per_s: float = 20.0
    provision_per_s: float = 10.0
    certificates_waiting: int = 100_000
    hooks_running: int = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for what."""

    topic: ProvisioningTopic
    receiver: str

    def answer(self, said: Mapping[str, Any], *, accepted: bool) -> Message:
        """The answer, for the asking client alone where it is known."""
        topic = self.topic.accepted() if accepted else self.topic.rejected()
        payload = body.encode(self.topic.format, said)
        return Message(topic, payload, receiver=self.receiver)


@dataclass(slots=True)
class Pending(Changes):
    """What a batch brought: who asked, and which certificates began or ceased to wait."""

    asked: list[Asked] = field(default_factory=list)
    began: list[Waiting] = field(default_factory=list)
    ceased: list[Waiting] = field(default_factory=list)
    replaced: dict[str, Record | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Provision:
    """A device that waits for its template's function."""

    asked: Asked
    waiting: Waiting
    certificate: KnownCertificate
    parameters: Mapping[str, str]


@dataclass(slots=True)
class ProvisioningStatistics:
    """Counted since the start."""

    provisioning_accepted: int = 0
    provisioning_rejected: int = 0


class ProvisioningService:
    """The provisioning of one account; an adapter of `device_service.DeviceService`."""

    def __init__(
        self,
        store: CellStore,
        open_registry: OpenRegistry,
        issuer: Issuer,
        ask_hook: AskHook,
        limits: ProvisioningLimits | None = None,
        *,
        token: Callable[[], str] = lambda: secrets.token_urlsafe(48),
    ) -> None:
        self.limits = limits or ProvisioningLimits()
        self.statistics = ProvisioningStatistics()
        stored = list(store.scan(Space.PROVISIONING))
        self.templates = TemplateBook(stored)
        self._waiting = WaitingBook(self.limits.certificates_waiting, stored)
        self._open = open_registry
        self._issuer = issuer
        self._ask_hook = ask_hook
        self._token = token
        self._throttles = {
            Operation.CREATE_KEYS: Throttle(self.limits.create_keys_per_s),
            Operation.CREATE_FROM_CSR: Throttle(self.limits.create_from_csr_per_s),
            Operation.PROVISION: Throttle(self.limits.provision_per_s),
        }
        self._numbers = itertools.count(1)
        self._running: dict[int, _Provision] = {}

    # ------------------------------------------------------------ device_service.DeviceService

    @property
    def topic_filters(self) -> Sequence[str]:
        """Every provisioning request."""
        return topics.REQUEST_FILTERS

    def handle(self, batch: Sequence[Message], now_s: float) -> Pending:
        """Answer every provisioning request of a batch, or ask its function first."""
        pending = Pending()
        for message in batch:
            if message.topic.startswith((topics.CERTIFICATES_PREFIX, topics.TEMPLATES_PREFIX)):
                topic = topics.parse(message.topic)
                if topic is not None:
                    self._handle(topic, message, now_s, pending)
        return pending

    def _handle(
        self, topic: ProvisioningTopic, message: Message, now_s: float, pending: Pending
    ) -> None:
        asked = Asked(topic, "" if message.client_id == _UNKNOWN else message.client_id)
        try:
            if not self._throttles[topic.operation].admits(now_s):
                raise errors.throttled()
            said = body.decode(topic.format, message.payload)
            if topic.operation is Operation.PROVISION:
                self._provision(asked, message, said, now_s, pending)
            else:
                self._create(asked, said, now_s, pending)
        except CloudError as error:
            self._reject(asked, errors.rejection(error), pending)
        except Exception:
            _logger.exception("%s failed", message.topic)
            self._reject(asked, errors.internal(), pending)

    def _reject(self, asked: Asked, rejected: Rejected, pending: Pending) -> None:
        self.statistics.provisioning_rejected += 1
        pending.messages.append(asked.answer(rejected.body(), accepted=False))

    def _accept(self, asked: Asked, said: Mapping[str, Any], pending: Pending) -> None:
        self.statistics.provisioning_accepted += 1
        pending.asked.append(asked)
        pending.messages.append(asked.answer(said, accepted=True))

    # ------------------------------------------------------------ a certificate

    def _create(
        self, asked: Asked, said: Mapping[str, Any], now_s: float, pending: Pending
    ) -> None:
        if self._waiting.is_full:
            raise errors.throttled()
        if asked.topic.operation is Operation.CREATE_KEYS:
            if not asked.receiver:
                raise errors.access_denied(_USE_A_REQUEST)
            issued = self._issuer.issue()
        else:
            issued = self._issuer.sign(body.text_of(said, "certificateSigningRequest"))
        with self._open() as registry:
            made = registry.add_certificate(issued.pem, PENDING)
        token = self._token()
        self._wait(Waiting(digest_of(token), made.id, now_s + TOKEN_LIFETIME_S), pending)
        answer = {
            "certificateId": made.id,
            "certificatePem": made.pem,
            "certificateOwnershipToken": token,
        }
        if issued.key_pem:
            answer["privateKey"] = issued.key_pem
        self._accept(asked, answer, pending)

    def _wait(self, waiting: Waiting, pending: Pending) -> None:
        self._waiting.add(waiting)
        pending.began.append(waiting)
        pending.writes.append(waiting.write())

    # ------------------------------------------------------------ a thing

    def _provision(
        self,
        asked: Asked,
        message: Message,
        said: Mapping[str, Any],
        now_s: float,
        pending: Pending,
    ) -> None:
        waiting = self._waiting.find(body.token_of(said), now_s)
        if waiting is None:
            raise errors.invalid_token(
                "Certificate ownership token is not valid: it was used, or it expired."
            )
        parameters = body.parameters_of(said)
        record = self.templates.find(asked.topic.template)
        if not record.enabled:
            raise errors.access_denied(f"Provisioning template {record.name} is not enabled.")
        with self._open() as registry:
            certificate = registry.certificate(waiting.certificate_id)
        if certificate is None:
            raise errors.invalid_token("The certificate of this token has been deleted.")
        device = _Provision(asked, waiting, certificate, parameters)
        if record.hook is None:
            self._register(device, parameters, pending)
            return
        if len(self._running) >= self.limits.hooks_running:
            raise errors.throttled()
        number = next(self._numbers)
        self._running[number] = device
        self._waiting.remove(waiting)  # one request at a time for a token
        event = hook.event(
            claim=message.principal,
            certificate_id=certificate.id,
            certificate_pem=certificate.pem,
            template_arn=record.arn,
            client_id=message.client_id,
            parameters=parameters,
        )
        self._ask_hook(HookCall(number, record.hook.function, event))

    def answered(self, number: int, answer: HookAnswer) -> Pending:
        """A template's function has answered, or will not: what becomes of its device."""
        device = self._running.pop(number)
        self._waiting.add(device.waiting)
        pending = Pending()
        try:
            if not answer.allowed:
                _logger.warning("provisioning refused by its function: %s", answer.reason)
                raise errors.access_denied("The pre-provisioning function does not allow it.")
            self._register(device, {**device.parameters, **answer.overrides}, pending)
        except CloudError as error:
            self._reject(device.asked, errors.rejection(error), pending)
        except Exception:
            _logger.exception("%s failed", device.asked.topic.request())
            self._reject(device.asked, errors.internal(), pending)
        return pending

    def _register(
        self, device: _Provision, parameters: Mapping[str, str], pending: Pending
    ) -> None:
        template = self.templates.current(device.asked.topic.template)
        with self._open() as registry:
            own = {"Id": device.certificate.id, **registry.own_parameters(device.certificate)}
            registered = register(plan(template, parameters, own), registry, self._issuer)
        self._waiting.remove(device.waiting)
        pending.ceased.append(device.waiting)
        pending.writes.append(device.waiting.forget())
        said: dict[str, Any] = {"deviceConfiguration": dict(registered.configuration)}
        if registered.thing is not None:
            said["thingName"] = registered.thing
        self._accept(device.asked, said, pending)

    # ------------------------------------------------------------ time, and what goes wrong

    def tick(self, now_s: float) -> Pending:
        """Delete certificates whose hour (or, of a claim, whose five minutes) is over."""
        pending = Pending()
        over = self._waiting.expired(now_s, _EXPIRED_AT_ONCE)
        if not over:
            return pending
        try:
            with self._open() as registry:
                for waiting in over:
                    known = registry.certificate(waiting.certificate_id)
                    if known is not None and (not waiting.unless_used or known.status == PENDING):
                        registry.delete_certificate(waiting.certificate_id)
        except Exception:
            _logger.exception("%d certificates could not be deleted", len(over))
            for waiting in over:
                self._waiting.add(waiting)
            return pending
        pending.ceased += over
        pending.writes += [waiting.forget() for waiting in over]
        return pending

    def failed(self, changes: Changes, _now_s: float) -> list[Message]:
        """A commit failed: nothing of it waits, and all who asked are told."""
        assert isinstance(changes, Pending)
        for waiting in changes.began:
            self._waiting.remove(waiting)
            with self._open() as registry:
                registry.delete_certificate(waiting.certificate_id)
        for waiting in changes.ceased:
            self._waiting.add(waiting)
        for name, record in changes.replaced.items():
            self.templates.restore(name, record)
        rejected = errors.internal().body()
        return [asked.answer(rejected, accepted=False) for asked in changes.asked]

    # ------------------------------------------------------------ the control plane

    def change_templates(self, name: str, change: Callable[[TemplateBook], Write]) -> Pending:
        """Change a template; raises what the change raises."""
        pending = Pending()
        pending.replaced[name] = self.templates.known(name)
        pending.writes.append(change(self.templates))
        return pending

    def declare(self, wanted: Sequence[Record]) -> Pending:
        """Make the templates what a declaration says.  Raises InvalidTemplate."""
        pending = Pending()
        for record in wanted:
            pending.replaced[record.name] = self.templates.known(record.name)
            write = self.templates.declare(record)
            if write is not None:
                pending.writes.append(write)
        return pending

    def claim(self, template: str, pem: str, now_s: float) -> tuple[KnownCertificate, Pending]:
        """Register a certificate that may provision by one template, for five minutes.

        Raises NoSuchTemplate.
        """
        self.templates.find(template)
        if self._waiting.is_full:
            raise errors.throttled()
        pending = Pending()
        name = claim_name(template)
        with self._open() as registry:
            made = registry.add_certificate(pem, "ACTIVE")
            if registry.policy_arn(name) is None:
                registry.put_policy(name, claim_document(template))
            registry.attach_policy(name, made)
        self._wait(
            Waiting(digest_of(made.id), made.id, now_s + CLAIM_LIFETIME_S, unless_used=False),
            pending,
        )
        return made, pending

    def register_thing(
        self, template_body: str, parameters: Mapping[str, str]
    ) -> tuple[str, Mapping[str, str]]:
        """RegisterThing by HTTP: the certificate's PEM, and ARNs by logical names.

        Raises InvalidTemplate, InvalidParameters, ResourceConflict and what the registry raises.
        """
        planned = plan(read_template(template_body), parameters)
        with self._open() as registry:
            registered = register(planned, registry, self._issuer)
        return registered.certificate_pem, registered.arns
