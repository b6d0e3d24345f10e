"""Statements evaluated a second, and what a message costs among many rules.

    python -m benchmarks.rule_statements [--ministack PYTHON]

The same statements on the same messages: ours from the bytes of the payload to the result, beside
MiniStack's own evaluator where the interpreter of its environment is given.  Then the cost of a
message that matches one rule among 10 and among 1,000.
"""

import argparse
import json
import subprocess

from benchmarks.stopwatch import per_second, show
from cloud_functions.ports import Message
from cloud_functions.rules.actions import LambdaAction
from cloud_functions.rules.context import Context
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule

TOPIC = "$aws/things/r1/shadow/update/accepted"
PAYLOAD = json.dumps(
    {
        "state": {"reported": {"batPct": 55, "signal": {"rssi": -50}, "name": "hall", "p": "x"}},
        "metadata": {"reported": {"batPct": {"timestamp": 1732480000}}},
        "version": 3,
        "timestamp": 1732480000,
        "clientToken": "5b2e8c1a-77d0-4e31-9e0f-0d3b1f0a2c44",
    }
).encode()  # fmt: skip
STATEMENTS = {
    "everything": f"SELECT * FROM '{TOPIC}'",
    "members": f"SELECT state.reported.batPct AS b, topic(3) AS thing, version FROM '{TOPIC}'",
    "a condition that holds": f"SELECT version FROM '{TOPIC}' WHERE state.reported.batPct >= 50",
    "a condition that fails": f"SELECT version FROM '{TOPIC}' WHERE state.reported.batPct > 90",
    "functions": f"SELECT upper(state.reported.name) AS n, timestamp() AS t FROM '{TOPIC}'",
    "arithmetic": f"SELECT (state.reported.batPct - 32) * 5 AS c FROM '{TOPIC}'",
    "conditions joined": f"SELECT version FROM '{TOPIC}' WHERE version > 1 AND"
    " state.reported.name = 'hall' AND state.reported.batPct < 90",
}
MINISTACK = """
import json, sys, time
from ministack.services import iot
statements, topic, payload = json.loads(sys.stdin.read())
payload, rates = payload.encode(), {}
for name, sql in statements.items():
    def evaluate():
        message = iot._rule_message(payload)
        event = iot._rule_event(sql, topic, payload, 'c', message=message)
        where = iot._rule_where_clause(sql)
        return event if not where or iot._eval_where(where, topic, payload, message, 'c') else None
    best = 0.0
    for _ in range(5):
        count, began = 0, time.process_time()
        while (took := time.process_time() - began) < 0.2:
            for _ in range(20):
                result = evaluate()
            count += 20
        best = max(best, count / took)
    rates[name] = [best, result]
print(json.dumps(rates))
"""


def ours(sql: str) -> Rule:
    return Rule("r", parse(sql), ())


def evaluate(rule: Rule) -> object:
    context = Context(topic=TOPIC, payload=PAYLOAD, client_id="c")
    return rule.result(rule.scope(context))


def among(rules: int) -> RulesEngine:
    """So many rules, of which a message of site 7 concerns one."""
    sql = "SELECT x, topic(2) AS site FROM 'site/{}/+/state' WHERE x > 1"
    actions = [LambdaAction("f")]
    return RulesEngine([Rule(f"r{n}", parse(sql.format(n)), actions) for n in range(rules)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ministack", help="the Python of MiniStack's environment")
    options = parser.parse_args()
    theirs: dict[str, list] = {}
    if options.ministack:
        said = json.dumps([STATEMENTS, TOPIC, PAYLOAD.decode()])
        command = [options.ministack, "-c", MINISTACK]
        done = subprocess.run(command, input=said, capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout.splitlines()[-1])
    for name, sql in STATEMENTS.items():
        rule = ours(sql)
        rates = per_second({"ours": lambda rule=rule: evaluate(rule)})
        if name in theirs:
            rates["MiniStack"], result = theirs[name]
            if result != (evaluate(rule) or None):
                print(f"MiniStack makes {result} of it, we {evaluate(rule)}")
        show(f"{name}: {sql.replace(TOPIC, '...')}", rates, "ours")

    message = Message("site/7/lamp/state", b'{"x": 5}')
    engines = {f"one of {rules} rules": among(rules) for rules in (10, 1_000)}
    rates = per_second(
        {name: lambda engine=engine: engine.fire(message, 0) for name, engine in engines.items()}
    )
    few, many = rates.values()
    show("a message that matches", rates, "one of 10 rules")
    print(f"  among 1,000 rules it costs {few / many:.2f} times what it costs among 10")
    if not options.ministack:
        print("for the ratio to MiniStack: install 'ministack==1.5.33' in an environment of its")
        print("own, and give its python with --ministack")


if __name__ == "__main__":
    main()
