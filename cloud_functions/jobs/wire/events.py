"""What watchers are told of jobs and their executions (AWS reference, section 3.1).

Bodies as AWS's guide shows them: `timestamp` in seconds, the other times in milliseconds.
"""

import uuid
from typing import Any, Final

import orjson

from cloud_functions.contract import topics
from cloud_functions.jobs.executions.execution import Execution
from cloud_functions.jobs.plan.job import ARN_PREFIX, Job, process_details
from cloud_functions.ports import Message

COMPLETED: Final = "completed"
CANCELED: Final = "canceled"
DELETED: Final = "deleted"
CANCELLATION_IN_PROGRESS: Final = "cancellation_in_progress"
DELETION_IN_PROGRESS: Final = "deletion_in_progress"


def of_job(job: Job, operation: str, now_s: float) -> Message:
    """An event of a job."""
    said: dict[str, Any] = {
        "eventType": "JOB",
        "eventId": _identifier(job.id, job.created_s, job.sequence, operation),
        "timestamp": int(now_s),
        "operation": operation,
        "jobId": job.id,
        "status": operation.upper(),
        "targetSelection": job.plan.target_selection,
        "targets": job.plan.targets,
        "createdAt": job.created_s * 1000,
        "lastUpdatedAt": job.updated_s * 1000,
    }
    if job.plan.description is not None:
        said["description"] = job.plan.description
    if job.comment is not None:
        said["comment"] = job.comment
    if operation == COMPLETED:
        said["completedAt"] = job.updated_s * 1000
        said["jobProcessDetails"] = process_details(job)
    return Message(topics.job_event(job.id, operation), orjson.dumps(said), qos=1)


def of_execution(execution: Execution, operation: str, now_s: float) -> Message:
    """An event of an execution; `status` is what it was also when it is deleted."""
    said: dict[str, Any] = {
        "eventType": "JOB_EXECUTION",
        "eventId": _identifier(
            execution.job_id, execution.queued_s, execution.sequence, execution.version, operation
        ),
        "timestamp": int(now_s),
        "operation": operation,
        "jobId": execution.job_id,
        "thingArn": f"{ARN_PREFIX}thing/{execution.thing}",
        "status": execution.status,
    }
    if execution.details:
        said["statusDetails"] = dict(execution.details)
    topic = topics.job_execution_event(execution.job_id, operation)
    return Message(topic, orjson.dumps(said), qos=1)


def _identifier(*parts: str | int) -> str:
    """The same event has the same id, also when it is told twice."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, parts))))
