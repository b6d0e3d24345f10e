"""Queries a second over a whole fleet, against asking each thing's dictionary; and update cost.

python -m benchmarks.fleet_search [things]
"""

import copy
import resource
import sys
import time

from benchmarks.stopwatch import per_second
from cloud_functions.fleet_index.columns import Columns
from cloud_functions.fleet_index.configuration import MANAGED
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.fields import (
    RegistryRecord,
    ShadowRecord,
    registry_fields,
    shadow_fields,
)
from cloud_functions.fleet_index.matcher import Matcher
from cloud_functions.fleet_index.parser import parse
from cloud_functions.fleet_index.search import select
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.report import first_report

THINGS = 100_000
QUERIES = {
    "low and here": "shadow.reported.batPct < 20 AND connectivity.connected:true",
    "one name": "thingName:robot-777",
    "a prefix": "thingName:robot-77*",
    "a word anywhere": "Robot",
    "not there": "NOT shadow.reported.cleanMissionStatus.phase:charge",
}
_SCANNED = 5_000
"""Things a scan is timed with; its time grows with their number."""


def report_of(number: int, first: dict) -> dict:
    report = copy.deepcopy(first)
    report["batPct"] = number * 7919 % 101
    report["name"] = f"Robot {number % 500}"
    report["cleanMissionStatus"]["phase"] = ("charge", "run", "stuck")[number % 3]
    report["signal"]["rssi"] = -30 - number % 60
    report["mssnStrtTm"] = 1_700_000_000 + number
    return report


def parts_of(number: int, first: dict) -> dict[str, dict]:
    record = RegistryRecord(f"robot-{number}", attributes={"serial": f"s{number}"})
    shadow = ShadowRecord({"reported": report_of(number, first)}, {}, 1, has_delta=False)
    return {
        "registry": registry_fields(record),
        "shadow/": shadow_fields("", shadow),
        "connection": Connectivity(number % 10 > 0, 1_700_000_000_000 + number, 0).fields(),
    }


def main() -> None:
    things = int(sys.argv[1]) if len(sys.argv) > 1 else THINGS
    first = first_report(Fleet([RobotSpec("r1", "i7", 1)], 7, 1_700_000_000.0), 0)
    columns, scanned = Columns(), []
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    for number in range(things):
        parts = parts_of(number, first)
        for part, fields in parts.items():
            columns.put(f"robot-{number}", part, fields)
    took = time.process_time() - began
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    fields = len(list(columns.columns()))
    for number in range(min(things, _SCANNED)):
        parts = parts_of(number, first)
        scanned.append({name: value for part in parts.values() for name, value in part.items()})
    print(
        f"{things:,} things of {fields} fields: {took:.1f} s to make and index,"
        f" {grown_kb * 1024 / things:,.0f} bytes a thing"
    )

    print("queries a second, and times a scan with Python dictionaries")
    for name, text in QUERIES.items():
        query = parse(text)
        matcher = Matcher(query, MANAGED)
        found = int(select(query, columns, MANAGED).sum())
        rates = per_second(
            {
                "columns": lambda query=query: select(query, columns, MANAGED),
                "scan": lambda matcher=matcher: [each for each in scanned if matcher.matches(each)],
            },
            rounds=2,
            calls=1,
        )
        scan = rates["scan"] * len(scanned) / things
        print(
            f"  {name:<18}{found:>8,} found{rates['columns']:10,.0f} a second"
            f"   ours is {rates['columns'] / scan:6.1f} times it"
        )

    changes = [shadow_fields("", ShadowRecord({"reported": report_of(n, first)}, {}, 2, False))
               for n in range(100)]  # fmt: skip
    state = {"reported": report_of(3, first)}
    turn = iter(range(10**9))
    rates = per_second(
        {
            "flatten a shadow": lambda: shadow_fields("", ShadowRecord(state, {}, 2, False)),
            "put it into the columns": lambda: columns.put(
                "robot-5", "shadow/", changes[next(turn) % 100]
            ),
        }
    )
    print("an update that is indexed")
    for name, rate in rates.items():
        print(f"  {name:<28}{1e6 / rate:7.1f} us")


if __name__ == "__main__":
    main()
