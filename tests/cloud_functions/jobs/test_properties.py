"""Whatever things and operators do: order, versions, counts and the store stay true."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.errors import JobsError
from cloud_functions.jobs.executions.statuses import FINAL
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.ports import Message

THINGS = ["t1", "t2", "t3"]
JOBS = ["a", "b", "c"]
GENEROUS = JobLimits(reads_per_second=10**9, writes_per_second=10**9)
things, jobs = st.sampled_from(THINGS), st.sampled_from(JOBS)


class Life(RuleBasedStateMachine):
    """Jobs in the hands of chance."""

    make_world = None

    @initialize()
    def begin(self) -> None:
        self.world = self.make_world(THINGS, GENEROUS)
        self.world.members("g", "t1", "t2")
        self.versions: dict = {}

    @rule(job=jobs, group=st.booleans(), kind=st.sampled_from(["SNAPSHOT", "CONTINUOUS"]),
          rate=st.sampled_from([1, 1000]), retries=st.integers(0, 2))  # fmt: skip
    def create(self, job, group, kind, rate, retries) -> None:
        retry = {"criteriaList": [{"failureType": "ALL", "numberOfRetries": retries}]}
        try:
            self.world.create(
                job,
                things=[] if group else THINGS,
                groups=["g"] if group else [],
                targetSelection=kind,
                timeoutConfig={"inProgressTimeoutInMinutes": 1},
                jobExecutionsRolloutConfig={"maximumPerMinute": rate},
                jobExecutionsRetryConfig=retry,
            )
        except JobsError as error:
            assert error.code == "ResourceAlreadyExistsException"  # noqa: PT017  no other

    @rule(thing=things)
    def start_next(self, thing) -> None:
        queue = self.world.conductor.executions.queue(thing)
        kind, body = self.world.say(thing, "start-next")
        assert kind == "accepted"
        if queue:
            assert body["execution"]["jobId"] == queue[0].job_id
        else:
            assert "execution" not in body

    @rule(thing=things, job=jobs, status=st.sampled_from(list(ExecutionStatus)))
    def report(self, thing, job, status) -> None:
        self.world.report(thing, job, status)

    @rule(job=jobs, force=st.booleans())
    def cancel(self, job, force) -> None:
        self.attempt(lambda: self.world.cancel(job, force=force))

    @rule(job=jobs, force=st.booleans())
    def delete(self, job, force) -> None:
        self.attempt(lambda: self.world.delete(job, force=force))

    @rule(job=jobs, thing=things, force=st.booleans())
    def cancel_execution(self, job, thing, force) -> None:
        self.attempt(lambda: self.world.cancel_execution(job, thing, force=force))

    @rule(job=jobs, thing=things, number=st.integers(1, 3), force=st.booleans())
    def delete_execution(self, job, thing, number, force) -> None:
        self.attempt(lambda: self.world.delete_execution(job, thing, number, force=force))

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def time_passes(self, seconds) -> None:
        self.world.tick(seconds)

    @rule(members=st.sets(things))
    def members_change(self, members) -> None:
        self.world.members("g", *sorted(members))
        self.world.tick(1)

    @rule(thing=things, job=jobs)
    def a_commit_fails(self, thing, job) -> None:
        before = self.state()
        topic = f"$aws/things/{thing}/jobs/{job}/update"
        message = Message(topic, b'{"status":"FAILED","clientToken":"c"}', client_id="d")
        draft = self.world.service.handle([message], self.world.now)
        answers = self.world.service.failed(draft, self.world.now)
        assert len(answers) == len(draft.asked)
        assert self.state() == before

    @rule()
    def the_cloud_restarts(self) -> None:
        before = self.state()
        self.world.restart()
        assert self.state() == before
        self.versions = {}  # what was deleted may be numbered again

    def attempt(self, change) -> None:
        try:
            change()
        except JobsError as error:
            assert error.status < 500  # noqa: PT017

    def state(self):
        conductor = self.world.conductor
        return (
            conductor.jobs.all(),
            {thing: conductor.executions.queue(thing) for thing in THINGS},
            {job: dict(conductor.executions.things(job)) for job in JOBS},
            {(j, t): conductor.executions.attempts(j, t) for j in JOBS for t in THINGS},
        )

    @invariant()
    def pending_ones_are_in_order(self) -> None:
        for thing in THINGS:
            queue = self.world.conductor.executions.queue(thing)
            places = [(each.status != "IN_PROGRESS", each.sequence) for each in queue]
            assert places == sorted(places)
            assert all(each.is_pending for each in queue)

    @invariant()
    def versions_grow_by_one_and_what_is_final_stays(self) -> None:
        executions = self.world.conductor.executions
        for job in JOBS:
            for thing in THINGS:
                for each in executions.attempts(job, thing):
                    known = self.versions.get(each.sequence)
                    assert known is None or known.version <= each.version
                    assert known is None or known.status not in FINAL or known == each
                    assert (each.version == 1) == (each.status == "QUEUED")
                    self.versions[each.sequence] = each

    @invariant()
    def counts_are_those_of_the_latest_executions(self) -> None:
        executions = self.world.conductor.executions
        for job in self.world.conductor.jobs.all():
            latest = [executions.find(job.id, thing) for thing in executions.things(job.id)]
            for status in ExecutionStatus:
                assert job.count(status) == sum(each.status is status for each in latest)
            is_over = not job.pending and not job.is_rolling_out
            if job.status == "IN_PROGRESS" and not job.is_continuous:
                assert not is_over


def test_whatever_happens_the_books_are_true(make_world) -> None:
    Life.make_world = staticmethod(make_world)

    run_state_machine_as_test(
        Life, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
