"""Data directories of the first layout: three tables, a thing and a policy in each certificate."""

import json
import sqlite3
import time
from typing import Final

from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.certificates import Certificate, Status
from cloud_functions.registry.policies import Policy, PolicyVersion
from cloud_functions.registry.policy_targets import PolicyTarget
from cloud_functions.registry.ports import RegistryStore
from cloud_functions.registry.thing_principals import ThingPrincipal
from cloud_functions.registry.things import Thing

_TABLES: Final = {"things", "certificates", "policies"}


def take_over(connection: sqlite3.Connection, store: RegistryStore) -> None:
    """Move what stands in the first layout's tables into the store, once."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    if not {name for (name,) in names} >= _TABLES:
        return
    now_s = time.time()
    for name, attributes, version, identifier in connection.execute(
        "SELECT name, attributes, version, id FROM things"
    ):
        store.things.put(Thing(name, json.loads(attributes), version, identifier))
    for name, document in connection.execute("SELECT name, document FROM policies"):
        store.policies.put(Policy(name, now_s, now_s))
        store.policy_versions.put(PolicyVersion(name, 1, document, now_s))
    for identifier, common_name, pem, thing, policy, status in connection.execute(
        "SELECT id, common_name, pem, thing, policy, status FROM certificates"
    ):
        store.certificates.put(
            Certificate(identifier, common_name, pem, Status(status), "", now_s, now_s)
        )
        principal = arn(Kind.CERTIFICATE, identifier)
        if thing and store.things.get(thing) is not None:
            store.thing_principals.put(ThingPrincipal(thing, principal))
        if policy and store.policies.get(policy) is not None:
            store.policy_targets.put(PolicyTarget(policy, principal))
    for name in sorted(_TABLES):
        connection.execute(f"DROP TABLE {name}")
