"""What rules see: every message of the cloud, but no answer that is for one client."""

from cloud_functions.device_service import Changes
from cloud_functions.ports import Message
from cloud_functions.runtime.message_core import MessageCore

TOLD = Message("$aws/things/t/jobs/notify", b"{}")
ANSWER = Message("$aws/things/t/jobs/get/accepted", b"{}", receiver="t")


class Talking:
    """A service that always says the same."""

    topic_filters = ("$aws/things/+/jobs/#",)

    def handle(self, _batch, _now_s):
        return Changes(messages=[ANSWER, TOLD])

    def tick(self, _now_s):
        return Changes()

    def failed(self, _changes, _now_s):
        return ()


class RecordingRules:
    """Rules that remember what they were shown."""

    topic_filters = ()

    def __init__(self) -> None:
        self.seen = []

    def fire(self, message, _now_ms):
        self.seen.append(message)
        return []


class NoDeeds:
    """A runner with nothing to do."""

    trace = None

    async def room(self) -> None:
        return None

    def plan(self, fired):
        return list(fired)

    def run(self, _planned) -> None:
        return None


async def test_an_answer_for_one_client_is_published_and_shown_to_no_rule() -> None:
    rules, published = RecordingRules(), []
    core = MessageCore(
        services=[Talking()],
        committer=None,
        rules=rules,
        runner=NoDeeds(),
        publish=published.extend,
    )
    asked = Message("$aws/things/t/jobs/get", b"{}", client_id="t")

    await core.deliver([asked])

    assert published == [ANSWER, TOLD]
    assert rules.seen == [asked, TOLD]
