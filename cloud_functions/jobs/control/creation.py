"""CreateJob and CreateJobTemplate: what goes into a job, checked whole."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.contract.jobs import is_job_id
from cloud_functions.errors import InvalidRequest as InvalidBlobName
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.conductor import Conductor
from cloud_functions.jobs.control.templates import Template, Templates
from cloud_functions.jobs.errors import (
    AlreadyExists,
    InvalidRequest,
    LimitExceeded,
    TemplateExists,
)
from cloud_functions.jobs.plan.configuration import (
    Conduct,
    JobRequest,
    Plan,
    TemplateRequest,
)
from cloud_functions.jobs.plan.document import check_document, check_links, s3_object
from cloud_functions.jobs.plan.job import Job
from cloud_functions.jobs.plan.schedule import read_schedule
from cloud_functions.jobs.plan.section import read
from cloud_functions.jobs.plan.statuses import JobStatus
from cloud_functions.jobs.targets import check_targets, members
from cloud_functions.ports import BlobStore

_CONDUCT: Final = frozenset(Conduct.model_fields)
_ACTIVE: Final = (JobStatus.SCHEDULED, JobStatus.IN_PROGRESS)


class Creation:
    """Makes jobs and job templates."""

    def __init__(self, conductor: Conductor, templates: Templates, blobs: BlobStore) -> None:
        self._conductor = conductor
        self._limits = conductor.limits
        self._templates = templates
        self._blobs = blobs

    def create_job(self, draft: Draft, job_id: str, said: Mapping[str, Any], now_s: float) -> Job:
        """CreateJob; the same again is the same.  Raises JobsError."""
        _check_id(job_id, "jobId")
        asked = read(JobRequest, said)
        template = None
        if asked.job_template_arn is not None:
            template = self._templates.by_arn(asked.job_template_arn)
        plan = _plan(asked, template)
        document = self._document(asked.document, asked.document_source, template)
        if plan.presigned_url_config is not None:
            check_links(document)
        known = self._conductor.jobs.find(job_id)
        if known is not None:
            if known.plan != plan or self._conductor.jobs.document(job_id) != document:
                raise AlreadyExists(f"Job {job_id} already exists with another content")
            return known
        check_targets(plan.targets, self._conductor.targets, self._limits)
        schedule = read_schedule(plan.scheduling_config, now_s, self._limits)
        things = members(plan.targets, self._conductor.targets)
        self._check_room(len(things))
        job = Job(
            id=job_id,
            sequence=self._conductor.jobs.next_sequence(),
            plan=plan,
            created_s=int(now_s),
            updated_s=int(now_s),
            status=JobStatus.IN_PROGRESS if schedule.start_s is None else JobStatus.SCHEDULED,
            schedule=schedule,
        )
        self._conductor.open(draft, job, document, things, now_s)
        return self._conductor.jobs.get(job_id)

    def create_template(
        self, draft: Draft, template_id: str, said: Mapping[str, Any], now_s: float
    ) -> Template:
        """CreateJobTemplate; the same again is the same.  Raises JobsError."""
        _check_id(template_id, "jobTemplateId")
        asked = read(TemplateRequest, said)
        conduct = Conduct.model_validate(_conduct_of(asked))
        if asked.job_arn is not None:
            if asked.document is not None or asked.document_source is not None:
                raise InvalidRequest("give document, documentSource or jobArn, one of them")
            job = self._conductor.jobs.get(asked.job_arn.rpartition("/")[2])
            conduct = Conduct.model_validate({**_conduct_of(job.plan), **_conduct_of(asked)})
            document = self._conductor.jobs.document(job.id)
        else:
            document = self._document(asked.document, asked.document_source, None)
        known = self._templates.find(template_id)
        template = Template(
            id=template_id,
            created_s=int(now_s) if known is None else known.created_s,
            description=asked.description,
            document=document,
            document_source=asked.document_source,
            conduct=conduct,
        )
        if known is not None and known != template:
            raise TemplateExists(f"Job template {template_id} already exists, with another content")
        if known is None and len(self._templates.all()) >= self._limits.templates:
            raise LimitExceeded(f"there are at most {self._limits.templates} job templates")
        self._templates.keep(draft, template)
        return template

    def _document(self, text: str | None, source: str | None, template: Template | None) -> str:
        if text is not None and source is not None:
            raise InvalidRequest("give document or documentSource, one of them")
        if text is None and source is not None:
            text = self._fetched(source)
        if text is None and template is not None:
            text = template.document
        if text is None:
            raise InvalidRequest("give document or documentSource")
        return check_document(text, self._limits)

    def _fetched(self, source: str) -> str:
        place = s3_object(source)
        try:
            found = self._blobs.get(f"{place.bucket}/{place.key}")
            text = None if found is None else found.decode()
        except (InvalidBlobName, UnicodeDecodeError):
            text = None
        if text is None:
            raise InvalidRequest(f"documentSource: there is no text at {source}")
        return text

    def _check_room(self, things: int) -> None:
        jobs, limits = self._conductor.jobs.all(), self._limits
        if sum(job.status in _ACTIVE for job in jobs) >= limits.active_jobs:
            raise LimitExceeded(f"there are at most {limits.active_jobs} active jobs")
        if sum(job.is_concurrent for job in jobs) >= limits.concurrent_jobs:
            raise LimitExceeded(f"at most {limits.concurrent_jobs} jobs are rolled out at once")
        if self._conductor.executions.count + things > limits.executions:
            raise LimitExceeded(
                f"at most {limits.executions} executions are kept: delete jobs that are over"
            )


def _plan(asked: JobRequest, template: Template | None) -> Plan:
    conduct = _conduct_of(asked)
    description, source = asked.description, asked.document_source
    if template is not None:
        conduct = {**_conduct_of(template.conduct), **conduct}
        description = description or template.description
        source = source or template.document_source
    return Plan.model_validate(
        {
            **conduct,
            "targets": asked.targets,
            "target_selection": asked.target_selection,
            "description": description,
            "document_source": source,
            "job_template_arn": asked.job_template_arn,
            "scheduling_config": asked.scheduling_config,
        }
    )


def _conduct_of(asked: Conduct) -> dict[str, Any]:
    """What was said about how to carry out a job."""
    found = {name: getattr(asked, name) for name in _CONDUCT}
    return {name: value for name, value in found.items() if value is not None}


def _check_id(text: str, member: str) -> None:
    if not is_job_id(text):
        raise InvalidRequest(f"{member} is 1 to 64 of [a-zA-Z0-9_-], not {text!r}")
