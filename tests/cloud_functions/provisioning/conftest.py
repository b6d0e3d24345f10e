"""A registry in memory and a service over it, with a clock of the test's own."""

import copy
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from cloud_functions.errors import InvalidRequest
from cloud_functions.ports import Message
from cloud_functions.provisioning.plan import KnownThing, SettledThing
from cloud_functions.provisioning.ports import HookCall, KnownCertificate
from cloud_functions.provisioning.service import ProvisioningLimits, ProvisioningService
from cloud_functions.provisioning.templates import Hook, Record, Version

NOW = 1_700_000_000.0
TEMPLATE = json.dumps(
    {
        "Parameters": {
            "Serial": {"Type": "String"},
            "AWS::IoT::Certificate::Id": {"Type": "String"},
        },
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {
                    "ThingName": {"Fn::Sub": "robot-${Serial}"},
                    "AttributePayload": {"serial": {"Ref": "Serial"}},
                },
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "own"}},
        },
        "DeviceConfiguration": {"Home": "https://example.com"},
    }
)


@dataclass
class MemoryRegistry:
    """What provisioning asks of a registry, kept in dictionaries."""

    things: dict[str, SettledThing] = field(default_factory=dict)
    certificates: dict[str, KnownCertificate] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=lambda: {"own": "{}"})
    attached: list[tuple] = field(default_factory=list)

    @contextmanager
    def open(self):
        before = copy.deepcopy(vars(self))
        try:
            yield self
        except BaseException:
            vars(self).update(before)
            raise

    def add_certificate(self, pem, status):
        number = f"{len(self.certificates):064x}"
        made = KnownCertificate(number, f"arn:{number}", pem, status)
        self.certificates[number] = made
        return made

    def register_certificate(self, pem, ca_pem, status):
        return self.add_certificate(pem, status)

    def certificate(self, certificate_id):
        return self.certificates.get(certificate_id)

    def own_parameters(self, certificate):
        return {"CommonName": "cn"}

    def set_status(self, certificate_id, status):
        known = self.certificates[certificate_id]
        self.certificates[certificate_id] = KnownCertificate(known.id, known.arn, known.pem, status)

    def delete_certificate(self, certificate_id):
        self.certificates.pop(certificate_id, None)

    def known_thing(self, name):
        thing = self.things.get(name)
        return thing and KnownThing(
            thing.attributes, thing.thing_type, thing.groups, thing.billing_group
        )

    def put_thing(self, thing):
        if "missing" in thing.groups:
            raise InvalidRequest("there is no group missing")
        self.things[thing.name] = thing
        return f"arn:thing/{thing.name}"

    def policy_arn(self, name):
        return f"arn:policy/{name}" if name in self.policies else None

    def put_policy(self, name, document):
        if not document.startswith("{"):
            raise InvalidRequest("this is no policy")
        self.policies[name] = document
        return f"arn:policy/{name}"

    def attach_policy(self, name, certificate):
        self.attached.append(("policy", name, certificate.id))

    def attach_thing(self, name, certificate, principal_type):
        self.attached.append(("thing", name, certificate.id))


class Issuer:
    """Makes certificates of no worth."""

    def issue(self):
        return SimpleNamespace(pem="PEM", key_pem="KEY")

    def sign(self, request_pem):
        if not request_pem.startswith("-----BEGIN CERTIFICATE REQUEST"):
            raise InvalidRequest("this is no certificate signing request")
        return SimpleNamespace(pem="PEM", key_pem="")


class MemoryStore:
    """A cell's store in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict = {}

    def get(self, space, key):
        return self.kept.get((space, key))

    def scan(self, space, prefix=b""):
        return [
            (key, raw)
            for (where, key), raw in sorted(self.kept.items())
            if where == space and key.startswith(prefix)
        ]

    def commit(self, writes):
        for space, key, raw in writes:
            if raw is None:
                self.kept.pop((space, key), None)
            else:
                self.kept[space, key] = raw


class Desk:
    """A service, what it committed and what it said."""

    def __init__(self, **limits) -> None:
        self.store = MemoryStore()
        self.registry = MemoryRegistry()
        self.issuer = Issuer()
        self.hooks: list[HookCall] = []
        self.limits = ProvisioningLimits(**limits)
        self.now_s = NOW
        self.restart()

    def restart(self) -> None:
        self.service = ProvisioningService(
            self.store, self.registry.open, self.issuer, self.hooks.append, self.limits
        )

    def template(self, name="vacuums", body=TEMPLATE, *, enabled=True, hook=None) -> None:
        record = Record(
            name=name,
            versions={1: Version(body, NOW)},
            default=1,
            created_s=NOW,
            modified_s=NOW,
            last_version=1,
            role_arn="arn:aws:iam::000000000000:role/provisioning",
            enabled=enabled,
            hook=hook and Hook(f"arn:aws:lambda:us-east-1:000000000000:function:{hook}"),
        )
        self.settle(self.service.change_templates(name, lambda book: book.create(record)))

    def settle(self, changes) -> list[Message]:
        self.store.commit(changes.writes)
        return changes.messages

    def send(self, topic, payload=b"{}", client_id="device-1", principal="claim") -> list[Message]:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        message = Message(topic, raw, 1, client_id=client_id, principal=principal)
        return self.settle(self.service.handle([message], self.now_s))

    def ask(self, topic, payload=b"{}", **more) -> tuple[str, dict]:
        (message,) = self.send(topic, payload, **more)
        return message.topic.rsplit("/", 1)[1], json.loads(message.payload)

    def certificate(self) -> dict:
        answer, said = self.ask("$aws/certificates/create/json")
        assert answer == "accepted", said
        return said

    def provision(self, token, template="vacuums", **parameters) -> tuple[str, dict]:
        body = {"certificateOwnershipToken": token, "parameters": parameters}
        return self.ask(f"$aws/provisioning-templates/{template}/provision/json", body)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def make_desk():
    return Desk
