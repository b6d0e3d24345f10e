"""Functions of provisioning templates: what becomes of an answer, and of none."""

import asyncio

from cloud_functions.errors import NotFound
from cloud_functions.provisioning.ports import HookCall
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.provisioning import ProvisioningHooks

YES = Invocation(b'{"allowProvisioning": true}', None, cold=False, duration_ms=1.0)


async def answer_of(invoke, timeout_s: float = 5.0):
    told: asyncio.Future = asyncio.get_running_loop().create_future()

    async def answered(number, answer):
        told.set_result((number, answer))

    hooks = ProvisioningHooks(invoke, answered, timeout_s=timeout_s)
    hooks.ask(HookCall(7, "Ask", b"{}"))
    number, answer = await told
    await hooks.close()
    assert number == 7
    return answer


async def test_a_yes_is_handed_on() -> None:
    async def invoke(name, event):
        assert (name, event) == ("Ask", b"{}")
        return YES

    assert (await answer_of(invoke)).allowed


async def test_no_answer_in_time_is_a_refusal() -> None:
    async def invoke(_name, _event):
        await asyncio.sleep(30)
        return YES

    answer = await answer_of(invoke, timeout_s=0.01)

    assert (answer.allowed, answer.reason) == (False, "Ask did not answer within 0.01 s")


async def test_an_error_and_a_function_that_is_gone_are_refusals() -> None:
    async def broken(_name, _event):
        return YES._replace(error="Unhandled")

    async def gone(_name, _event):
        raise NotFound("there is no function Ask")

    assert (await answer_of(broken)).reason == "Ask: Unhandled"
    assert (await answer_of(gone)).reason == "there is no function Ask"
