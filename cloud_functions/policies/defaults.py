"""The policy of `robofleet certificate`: a thing may use its own topics and no others."""

import json
from typing import Final

from cloud_functions.policies.evaluate import ARN_PREFIX

NAME: Final = "own-topics"
_THING: Final = "${iot:Connection.Thing.ThingName}"

OWN_TOPICS: Final = (
    f"$aws/things/{_THING}/*",
    f"$aws/rules/*/robofleet/{_THING}/*",
    f"robofleet/{_THING}/*",
)


def document() -> str:
    """The policy document."""
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
