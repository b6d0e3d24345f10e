"""The policies of `robofleet certificate`: of a thing, and of a claim to become one."""

import json
from typing import Final

from cloud_functions.contract import provisioning
from cloud_functions.policies.evaluate import ARN_PREFIX

NAME: Final = "own-topics"
_THING: Final = "${iot:Connection.Thing.ThingName}"

OWN_TOPICS: Final = (
    f"$aws/things/{_THING}/*",
    f"$aws/rules/*/robofleet/{_THING}/*",
    f"robofleet/{_THING}/*",
)


def document() -> str:
    """The policy document of a thing: it may use its own topics and no others."""
    topics = [f"{ARN_PREFIX}topic/{topic}" for topic in OWN_TOPICS]
    filters = [f"{ARN_PREFIX}topicfilter/{topic}" for topic in OWN_TOPICS]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "iot:Connect",
                    "Resource": f"{ARN_PREFIX}client/{_THING}",
                },
                {
                    "Effect": "Allow",
                    "Action": ["iot:Publish", "iot:RetainPublish", "iot:Receive"],
                    "Resource": topics,
                },
                {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": filters},
            ],
        },
        indent=2,
    )


def claim_name(template: str) -> str:
    """The name of a claim's policy."""
    return f"provisioning-claim-{template}"


def claim_document(template: str) -> str:
    """The policy document of a claim: it may ask for a certificate and a thing of a template.

    It may hear the answers and not the requests: those of others carry their ownership tokens.
    """
    requests = provisioning.requests(template)
    answered = (
        f"{provisioning.CERTIFICATES_PREFIX}*/*",
        f"{provisioning.TEMPLATES_PREFIX}{template}/{provisioning.Operation.PROVISION}/*",
    )
    answers = [
        f"{topic}/{answer}"
        for topic in answered
        for answer in (provisioning.ACCEPTED, provisioning.REJECTED)
    ]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "iot:Connect",
                    "Resource": f"{ARN_PREFIX}client/*",
                },
                {
                    "Effect": "Allow",
                    "Action": "iot:Publish",
                    "Resource": [f"{ARN_PREFIX}topic/{topic}" for topic in requests],
                },
                {
                    "Effect": "Allow",
                    "Action": "iot:Receive",
                    "Resource": [f"{ARN_PREFIX}topic/{topic}" for topic in answers],
                },
                {
                    "Effect": "Allow",
                    "Action": "iot:Subscribe",
                    "Resource": [f"{ARN_PREFIX}topicfilter/{topic}" for topic in answers],
                },
            ],
        },
        indent=2,
    )
