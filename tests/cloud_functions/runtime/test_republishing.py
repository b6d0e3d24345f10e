"""How far a message is from the one a client sent."""

from cloud_functions.ports import Message
from cloud_functions.runtime.republishing import inherited, steps

NEAR = Message("a", b"")
FAR = Message("$aws/things/r1/shadow/update", b"", republished=4.0)


def test_one_republish_is_one_step_and_many_of_one_message_count_for_more() -> None:
    other = Message("b", b"", republished=7.0)

    assert steps([NEAR, other, other]) == [1.0, 10.0, 10.0]


def test_what_is_said_of_a_thing_is_as_far_as_what_was_asked_of_it() -> None:
    mine = Message("$aws/things/r1/shadow/update/accepted", b"")
    theirs = Message("$aws/things/r2/shadow/update/accepted", b"")
    plain = Message("b", b"")

    made = inherited([mine, theirs, plain], [NEAR, FAR])

    assert [each.republished for each in made] == [4.0, 0.0, 0.0]
    assert inherited([mine], [NEAR]) == [mine]
