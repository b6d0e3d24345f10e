"""Every case of the provisioning table: what a template makes of a device, or why it does not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.errors import CloudError
from cloud_functions.provisioning.errors import InvalidTemplate
from cloud_functions.provisioning.plan import KnownThing, plan, settle
from cloud_functions.provisioning.template import MAX_TEMPLATE_BYTES, read_template

PATH = Path(__file__).parents[2] / "compliance" / "provisioning_templates.json"
CASES = json.loads(PATH.read_text())
DONE = [case for case in CASES if "result" in case]
REFUSED = [case for case in CASES if "error" in case]


def name_of(case: dict) -> str:
    return case["id"]


def outcome(case: dict) -> dict:
    said = case["template"]
    text = said if isinstance(said, str) else json.dumps(said)
    planned = plan(read_template(text), case["parameters"], case["certificate"])
    known = case.get("known")
    result: dict = {"deviceConfiguration": dict(planned.configuration)}
    if planned.thing is not None:
        before = known and KnownThing(
            known["attributes"], known["type"], known["groups"], known["billingGroup"]
        )
        settled = settle(planned.thing, before)
        result["thing"] = {
            "name": settled.name,
            "attributes": dict(settled.attributes),
            "type": settled.thing_type,
            "groups": list(settled.groups),
            "billingGroup": settled.billing_group,
        }
    if planned.certificate is not None:
        certificate = planned.certificate
        result["certificate"] = {"id": certificate.certificate_id, "status": certificate.status}
    if planned.policies:
        result["policies"] = [
            {"name": each.name, "document": each.document} for each in planned.policies
        ]
    if planned.principal_type is not None:
        result["principalType"] = planned.principal_type.value
    return result


@pytest.mark.parametrize("case", DONE, ids=name_of)
def test_a_template_makes_of_a_device_what_the_table_says(case: dict) -> None:
    assert outcome(case) == {"deviceConfiguration": {}, **case["result"]}


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_a_mistake_is_refused_by_its_path_with_what_is_allowed(case: dict) -> None:
    with pytest.raises(CloudError) as refusal:
        outcome(case)

    assert case["error"] in str(refusal.value)


def test_a_template_over_its_limit_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match="at most 10240 bytes"):
        read_template(" " * (MAX_TEMPLATE_BYTES + 1))


def test_functions_inside_each_other_end_somewhere() -> None:
    value: object = "x"
    for _ in range(30):
        value = {"Fn::Join": ["", [value]]}
    resources = {"t": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": value}}}

    with pytest.raises(InvalidTemplate, match="functions inside each other end at 20"):
        read_template(json.dumps({"Resources": resources}))


LEAVES = st.sampled_from(["a", "", "${A}", "${!A}", 1, None, True])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["Ref", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub", "x"]),
            inner,
            max_size=2,
        ),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_a_template_says_is_read_or_refused_by_a_path(value: object) -> None:
    document = {
        "Parameters": {"A": {"Type": "String", "Default": "a"}},
        "Resources": {"t": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": value}}},
    }

    try:
        planned = plan(read_template(json.dumps(document)), {})
    except CloudError as error:
        said = str(error)
    else:
        said = f"$.Resources.t.Properties {planned.thing}"
    assert said.startswith("$.Resources.t.Properties")
