"""What CreateJob, UpdateJob and CreateJobTemplate may ask for, with AWS's names and bounds.

Source: botocore's model of `iot` (AWS reference, section 4.1).  What cannot be done truly here is
refused by its name.
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from cloud_functions.jobs.plan.section import Section

_NOT_HERE: Final = {
    "maintenanceWindows": "maintenance windows are not supported here",
    "namespaceId": "namespaces are not supported here",
    "destinationPackageVersions": "software packages are not supported here",
    "documentParameters": "document parameters go with AWS managed templates, and there are none",
}
_MAX_RETRIES: Final = 10
_TENTH: Final = 10
_HUNDREDTH: Final = 100

Minutes = Annotated[int, Field(ge=1, le=10_080)]
Things = Annotated[int, Field(ge=1)]
Rate = Annotated[int, Field(ge=1, le=1_000)]
Text = Annotated[str, Field(max_length=2_028)]
ReasonCode = Annotated[str, Field(max_length=128, pattern=r"^[A-Z0-9_]+$")]


class TargetSelection(StrEnum):
    """Whether a job is over when the things it began with are done."""

    SNAPSHOT = "SNAPSHOT"
    CONTINUOUS = "CONTINUOUS"


class EndBehavior(StrEnum):
    """What happens to a job at the end of its schedule."""

    STOP_ROLLOUT = "STOP_ROLLOUT"
    CANCEL = "CANCEL"
    FORCE_CANCEL = "FORCE_CANCEL"


def _has_digits(value: float, parts: int) -> bool:
    """Whether the value is a whole number of such parts."""
    return abs(value * parts - round(value * parts)) < 1e-6  # noqa: PLR2004  float dust


class RateIncreaseCriteria(Section):
    """When the rate of a rollout grows: at every so many things notified, or done well."""

    number_of_notified_things: Things | None = None
    number_of_succeeded_things: Things | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "RateIncreaseCriteria":
        if self.number_of_notified_things is None and self.number_of_succeeded_things is None:
            raise ValueError("give numberOfNotifiedThings or numberOfSucceededThings")
        return self


class ExponentialRate(Section):
    """A rate that grows."""

    base_rate_per_minute: Rate
    increment_factor: float = Field(ge=1.1, le=5)
    rate_increase_criteria: RateIncreaseCriteria

    @field_validator("increment_factor")
    @classmethod
    def _has_one_digit(cls, value: float) -> float:
        if not _has_digits(value, _TENTH):
            raise ValueError("at most one digit after the point")
        return value


class RolloutConfig(Section):
    """How fast things are told of the job."""

    maximum_per_minute: Rate | None = None
    exponential_rate: ExponentialRate | None = None


class AbortCriterion(Section):
    """When so many of the things fail, the rest is cancelled."""

    failure_type: Literal["FAILED", "REJECTED", "TIMED_OUT", "ALL"]
    action: Literal["CANCEL"]
    threshold_percentage: float = Field(gt=0, le=100)
    min_number_of_executed_things: Things

    @field_validator("threshold_percentage")
    @classmethod
    def _has_two_digits(cls, value: float) -> float:
        if not _has_digits(value, _HUNDREDTH):
            raise ValueError("at most two digits after the point")
        return value


class AbortConfig(Section):
    """Any of the criteria ends the job."""

    criteria_list: list[AbortCriterion] = Field(min_length=1)


class TimeoutConfig(Section):
    """How long a thing may take, from its start."""

    in_progress_timeout_in_minutes: Minutes | None = None


class RetryCriterion(Section):
    """How often a thing is asked again after such an end."""

    failure_type: Literal["FAILED", "TIMED_OUT", "ALL"]
    number_of_retries: int = Field(ge=0, le=_MAX_RETRIES)


class RetryConfig(Section):
    """Retries by what went wrong."""

    criteria_list: list[RetryCriterion] = Field(min_length=1, max_length=2)

    @model_validator(mode="after")
    def _adds_up(self) -> "RetryConfig":
        kinds = [each.failure_type for each in self.criteria_list]
        if len(set(kinds)) < len(kinds) or ("ALL" in kinds and len(kinds) > 1):
            raise ValueError("criteriaList has each failureType once, and ALL alone")
        if sum(each.number_of_retries for each in self.criteria_list) > _MAX_RETRIES:
            raise ValueError(f"a thing is asked again at most {_MAX_RETRIES} times in total")
        return self


class PresignedUrlConfig(Section):
    """Links in the job document are signed for so long."""

    role_arn: Annotated[str, Field(min_length=20, max_length=2_048)] | None = None
    expires_in_sec: Annotated[int, Field(ge=60, le=3_600)] = 3_600


class SchedulingConfig(Section):
    """When the rollout begins and ends, as texts like 2026-11-24T08:00."""

    start_time: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    end_time: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    end_behavior: EndBehavior | None = Field(default=None, strict=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse(cls, said: Any) -> Any:
        return _refused(said)

    @model_validator(mode="after")
    def _has_an_end(self) -> "SchedulingConfig":
        if self.end_behavior is not None and self.end_time is None:
            raise ValueError("endBehavior goes with endTime")
        return self


class Conduct(Section):
    """How a job is carried out."""

    presigned_url_config: PresignedUrlConfig | None = None
    job_executions_rollout_config: RolloutConfig | None = None
    abort_config: AbortConfig | None = None
    timeout_config: TimeoutConfig | None = None
    job_executions_retry_config: RetryConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse(cls, said: Any) -> Any:
        return _refused(said)

    def described(self) -> dict[str, Any]:
        """The object as a description has it: these sections are there even when empty."""
        empty = ("presignedUrlConfig", "jobExecutionsRolloutConfig", "timeoutConfig")
        return {**{member: {} for member in empty}, **self.said()}


class JobChanges(Conduct):
    """UpdateJob's body."""

    description: Text | None = None


class Plan(Conduct):
    """What a job was asked to be; its document is kept apart."""

    targets: list[str]
    target_selection: TargetSelection = Field(default=TargetSelection.SNAPSHOT, strict=False)
    description: Text | None = None
    document_source: str | None = None
    job_template_arn: str | None = None
    scheduling_config: SchedulingConfig | None = None


class Tag(Section):
    """A tag; checked and let go, as there is nothing here that lists tags."""

    key: Annotated[str, Field(min_length=1, max_length=128, alias="Key")]
    value: Annotated[str, Field(max_length=256, alias="Value")] = ""


class JobRequest(Conduct):
    """CreateJob's body."""

    targets: list[str] = Field(min_length=1)
    target_selection: TargetSelection = Field(default=TargetSelection.SNAPSHOT, strict=False)
    document: str | None = None
    document_source: Annotated[str, Field(min_length=1, max_length=1_350)] | None = None
    description: Text | None = None
    job_template_arn: Annotated[str, Field(min_length=1, max_length=1_600)] | None = None
    scheduling_config: SchedulingConfig | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=50)


class TemplateRequest(Conduct):
    """CreateJobTemplate's body."""

    description: Annotated[str, Field(min_length=1, max_length=2_028)]
    document: str | None = None
    document_source: Annotated[str, Field(min_length=1, max_length=1_350)] | None = None
    job_arn: str | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=50)


class CancelJobRequest(Section):
    """CancelJob's body."""

    reason_code: ReasonCode | None = None
    comment: Text | None = None


class CancelExecutionRequest(Section):
    """CancelJobExecution's body."""

    expected_version: int | None = None
    status_details: dict[str, str] | None = None


class AssociateRequest(Section):
    """AssociateTargetsWithJob's body."""

    targets: list[str] = Field(min_length=1)
    comment: Text | None = None


def _refused(said: Any) -> Any:
    """The object itself, unless it asks for what is not here."""
    if isinstance(said, dict):
        for member, why in _NOT_HERE.items():
            if said.get(member):
                raise ValueError(f"{member}: {why}")
    return said
