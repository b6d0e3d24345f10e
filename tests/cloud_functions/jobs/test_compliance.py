"""The cases of tests/compliance/jobs.json: what is asked, answered and told, step by step.

A step has a time and one of `publish` (with `body`, or `raw` text), `create`, `cancel`,
`cancelExecution`, `wait`; then the `answer`, or the exception it is `refused` with, and the
`pushes` in their order.  A message "*" stands for any text.
"""

import json
from pathlib import Path

import pytest

from cloud_functions.jobs.errors import JobsError
from cloud_functions.jobs.limits import JobLimits

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "jobs.json").read_text())


def said(message) -> dict:
    body = json.loads(message.payload)
    if "message" in body:
        assert body["message"]
        body["message"] = "*"
    return {"topic": message.topic, "body": body}


def take(world, step) -> list:
    """What a step brings, in its order."""
    if "publish" in step:
        body = step["raw"].encode() if "raw" in step else step["body"]
        return world.publish(step["publish"], body)
    if "create" in step:
        asked = dict(step["create"])
        document = json.dumps(asked.pop("document"))
        return world.create(asked.pop("jobId"), document=document, **asked)
    if "cancel" in step:
        return world.cancel(step["cancel"]["jobId"], force=step["cancel"].get("force", False))
    if "cancelExecution" in step:
        asked = dict(step["cancelExecution"])
        return world.cancel_execution(asked.pop("jobId"), asked.pop("thing"), **asked)
    return world.tick()


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(make_world, case) -> None:
    world = make_world(case["things"], JobLimits(**case.get("limits", {})))
    for step in case["steps"]:
        world.now = float(step["at"])
        if "refused" in step:
            with pytest.raises(JobsError) as refusal:
                take(world, step)
            assert refusal.value.code == step["refused"]
            continue

        heard = [said(message) for message in take(world, step)]

        expected = [step["answer"]] if "answer" in step else []
        assert heard == expected + step["pushes"]
