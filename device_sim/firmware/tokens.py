"""Client tokens: the trace of a request (design, decision 12)."""

from device_sim.firmware.memory import Memory
from device_sim.robot.chance import Purpose, one_hashed
from device_sim.robot.fleet import Fleet


def next_token(fleet: Fleet, row: int, robot: Memory) -> str:
    """16 hexadecimal digits that no other request of the run has."""
    robot.counter += 1
    tick = robot.counter << 20 ^ int(fleet.now_s)
    return f"{one_hashed(fleet.seed, int(fleet.key[row]), tick, Purpose.TOKEN):016x}"
