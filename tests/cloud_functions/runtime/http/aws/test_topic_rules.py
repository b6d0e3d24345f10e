"""boto3's `iot` client against topic rules and destinations, and the doors of this computer."""

import asyncio
import json
import time

import boto3
import httpx2
import pytest
from botocore.exceptions import ClientError
from starlette.applications import Starlette

from cloud_functions.ports import Message
from cloud_functions.rules.deeds import PutMetric
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.topic_rules import TopicRules
from cloud_functions.runtime.http import rule_doors
from cloud_functions.runtime.http.aws import destinations as destination_routes
from cloud_functions.runtime.http.aws import topic_rules as rule_routes
from cloud_functions.runtime.http.server import HttpServer, listen
from cloud_functions.runtime.http_posts.destinations import Destinations
from cloud_functions.runtime.http_posts.poster import HttpPoster
from cloud_functions.runtime.rule_actions.metrics import RuleMetrics
from cloud_functions.runtime.rule_trace import RuleTrace
from cloud_functions.storage.sqlite_rules import SqliteRules

ACTION = {"sqs": {"roleArn": "r", "queueUrl": "https://q", "useBase64": True}}
PAYLOAD = {
    "sql": "SELECT * FROM 'a/+'",
    "awsIotSqlVersion": "2016-03-23",
    "actions": [ACTION],
    "errorAction": {"lambda": {"functionArn": "f"}},
    "description": "watches",
}


class Cloud:
    """The HTTP side of a cloud, and a boto3 client for it."""

    def __init__(self, store) -> None:
        self.engine = RulesEngine(())
        self.poster = HttpPoster(pauses_s=(0.0,))
        self.destinations = Destinations(store, self.poster, "")
        self.metrics, self.trace = RuleMetrics(), RuleTrace()
        rules = TopicRules((), store, self.engine, time.time)
        self.listening = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.destinations._http = self.url
        routes = [
            *rule_routes.routes(rules),
            *destination_routes.routes(self.destinations),
            *rule_doors.routes(self.trace, self.metrics),
        ]
        self.server = HttpServer(Starlette(routes=routes), self.listening)
        self.iot = boto3.client(
            "iot",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    async def ask(self, operation: str, **parameters) -> dict:
        answer = await asyncio.to_thread(getattr(self.iot, operation), **parameters)
        answer.pop("ResponseMetadata")
        return answer

    async def refusal(self, operation: str, **parameters) -> tuple[int, str]:
        with pytest.raises(ClientError) as refused:
            await self.ask(operation, **parameters)
        said = refused.value.response
        return said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Code"]


@pytest.fixture
async def cloud(tmp_path):
    store = SqliteRules(tmp_path / "cloud.db")
    made = Cloud(store)
    await made.server.start()
    yield made
    await made.destinations.close()
    await made.server.stop()
    await made.poster.close()
    store.close()


async def test_a_rules_life(cloud) -> None:
    await cloud.ask("create_topic_rule", ruleName="R", topicRulePayload=PAYLOAD)
    made = await cloud.ask("get_topic_rule", ruleName="R")
    await cloud.ask("disable_topic_rule", ruleName="R")
    resting = await cloud.ask("get_topic_rule", ruleName="R")
    await cloud.ask("enable_topic_rule", ruleName="R")
    changed = {**PAYLOAD, "sql": "SELECT * FROM 'b'"}
    await cloud.ask("replace_topic_rule", ruleName="R", topicRulePayload=changed)
    replaced = await cloud.ask("get_topic_rule", ruleName="R")
    await cloud.ask("delete_topic_rule", ruleName="R")

    assert made["ruleArn"] == "arn:aws:iot:us-east-1:000000000000:rule/R"
    rule = made["rule"]
    created = rule.pop("createdAt")
    assert rule == {"ruleName": "R", "ruleDisabled": False, **PAYLOAD}
    assert resting["rule"]["ruleDisabled"] is True
    assert replaced["rule"]["sql"] == "SELECT * FROM 'b'"
    assert replaced["rule"]["createdAt"] == created
    assert await cloud.ask("list_topic_rules") == {"rules": []}


async def test_rules_are_listed_with_filters_page_by_page(cloud) -> None:
    for name in "ABC":
        said = {**PAYLOAD, "ruleDisabled": name == "B"}
        await cloud.ask("create_topic_rule", ruleName=name, topicRulePayload=said)

    first = await cloud.ask("list_topic_rules", maxResults=2)
    second = await cloud.ask("list_topic_rules", maxResults=2, nextToken=first["nextToken"])
    off = await cloud.ask("list_topic_rules", ruleDisabled=True)
    none = await cloud.ask("list_topic_rules", topic="z")

    assert [each["ruleName"] for each in first["rules"]] == ["A", "B"]
    assert [each["ruleName"] for each in second["rules"]] == ["C"]
    assert "nextToken" not in second
    assert [each["ruleName"] for each in off["rules"]] == ["B"]
    assert first["rules"][0]["topicPattern"] == "a/+"
    assert none["rules"] == []


async def test_refusals_are_awss_exceptions(cloud) -> None:
    await cloud.ask("create_topic_rule", ruleName="R", topicRulePayload=PAYLOAD)
    broken = {**PAYLOAD, "sql": "SELEC * FROM 'a'"}
    kinesis = {**PAYLOAD, "actions": [{"kinesis": {"roleArn": "r", "streamName": "s"}}]}

    async def refused(operation, name, payload=None):
        more = {} if payload is None else {"topicRulePayload": payload}
        return await cloud.refusal(operation, ruleName=name, **more)

    exists = (409, "ResourceAlreadyExistsException")
    assert await refused("create_topic_rule", "R", PAYLOAD) == exists
    assert await refused("create_topic_rule", "S", broken) == (400, "SqlParseException")
    assert await refused("replace_topic_rule", "R", broken) == (400, "SqlParseException")
    assert await refused("create_topic_rule", "S", kinesis) == (400, "InvalidRequestException")
    for operation in ("get", "delete", "enable", "disable"):
        missing = await refused(f"{operation}_topic_rule", "S")
        assert missing == (401, "UnauthorizedException")
    assert await refused("replace_topic_rule", "S", PAYLOAD) == (401, "UnauthorizedException")
    assert await cloud.refusal("list_topic_rules", maxResults=20_000) == (
        400,
        "InvalidRequestException",
    )


async def test_a_destinations_life(cloud, endpoint) -> None:
    wanted = {"httpUrlConfiguration": {"confirmationUrl": endpoint.url}}
    made = await cloud.ask("create_topic_rule_destination", destinationConfiguration=wanted)
    arn = made["topicRuleDestination"]["arn"]
    async with asyncio.timeout(5):
        while not endpoint.letters:  # noqa: ASYNC110  the endpoint knows no events
            await asyncio.sleep(0.005)
    said = json.loads(endpoint.letters[0].body)
    async with httpx2.AsyncClient() as browser:
        followed = await browser.get(said["enableUrl"])

    enabled = await cloud.ask("get_topic_rule_destination", arn=arn)
    await cloud.ask("update_topic_rule_destination", arn=arn, status="DISABLED")
    (listed,) = (await cloud.ask("list_topic_rule_destinations"))["destinationSummaries"]
    await cloud.ask("confirm_topic_rule_destination", confirmationToken=_other(cloud, endpoint))
    await cloud.ask("delete_topic_rule_destination", arn=arn)

    assert made["topicRuleDestination"]["status"] == "IN_PROGRESS"
    assert made["topicRuleDestination"]["httpUrlProperties"] == {"confirmationUrl": endpoint.url}
    assert followed.status_code == 200
    assert enabled["topicRuleDestination"]["status"] == "ENABLED"
    assert (listed["status"], listed["httpUrlSummary"]["confirmationUrl"]) == (
        "DISABLED",
        endpoint.url,
    )
    gone = await cloud.refusal("get_topic_rule_destination", arn=arn)
    assert gone == (401, "UnauthorizedException")


def _other(cloud, endpoint) -> str:
    """The token of one more destination."""
    return cloud.destinations.create(f"{endpoint.url}/other").token


async def test_destinations_are_only_on_this_computer(cloud) -> None:
    elsewhere = {"httpUrlConfiguration": {"confirmationUrl": "https://example.com"}}
    private = {"vpcConfiguration": {"subnetIds": [], "vpcId": "v", "roleArn": "r"}}

    for wanted in (elsewhere, private):
        refused = await cloud.refusal(
            "create_topic_rule_destination", destinationConfiguration=wanted
        )
        assert refused == (400, "InvalidRequestException")
    unknown = await cloud.refusal("confirm_topic_rule_destination", confirmationToken="x")
    assert unknown == (401, "UnauthorizedException")


# ------------------------------------------------------------ doors of this computer


async def test_metrics_and_trace_are_for_this_computer_alone(cloud) -> None:
    cloud.metrics.count(PutMetric("n", "m", 2.0, "Count", 1))

    async with httpx2.AsyncClient() as client:
        mine = await client.get(f"{cloud.url}/_local/metrics")
        by_name = await client.get(
            f"{cloud.url}/_local/metrics", headers={"host": "localhost:8080"}
        )
        for path in ("/_local/metrics", "/_local/rules/trace"):
            rebound = await client.get(f"{cloud.url}{path}", headers={"host": "evil.example"})
            assert rebound.status_code == 403

    assert mine.json()["metrics"][0]["sum"] == 2.0
    assert by_name.status_code == 200


async def test_the_trace_is_a_stream_of_lines(cloud) -> None:
    async with (
        httpx2.AsyncClient() as client,
        client.stream("GET", f"{cloud.url}/_local/rules/trace") as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        cloud.trace.tell(
            rule="R",
            message=Message("a", b"", client_id="c"),
            action="SqsAction",
            resource="q",
            outcome="done",
            seconds=0.001,
            now_s=1.0,
        )
        said = json.loads(await anext(lines))

    assert said == {
        "rule": "R",
        "topic": "a",
        "client_id": "c",
        "action": "SqsAction",
        "resource": "q",
        "outcome": "done",
        "ms": 1.0,
        "at_ms": 1000,
    }


@pytest.mark.parametrize("path", ["/rules", "/rules/R", "/destinations"])
async def test_a_request_that_nobody_signed_is_for_somebody_elses_api(cloud, path) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(cloud.url + path)

    assert answer.status_code == 404
