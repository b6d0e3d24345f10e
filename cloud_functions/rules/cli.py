"""`robofleet rules`: what a rule makes of a message, and why not."""

import datetime
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, validate_topic
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.cases import (
    Case,
    Outcome,
    Word,
    context_of,
    difference,
    read_cases,
    run,
    topic_seen,
)
from cloud_functions.rules.context import Sources
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.explain import Found, explain
from cloud_functions.rules.external import Needs
from cloud_functions.rules.parser import parse
from cloud_functions.rules.remark import not_json
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.trace_cli import trace
from cloud_functions.rules.values import UNDEFINED, Value, as_json
from cloud_functions.rules.versions import SqlVersion, read_version
from cloud_functions.rules.wording import value_text

app = typer.Typer(
    no_args_is_help=True,
    help='Rules of the local cloud.\n\nExample: robofleet rules test "SELECT temperature FROM'
    " 'home/+' WHERE temperature > 30\" --topic home/kitchen --payload message.json",
)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


app.command()(trace)


@app.command("test")
def try_out(
    statement: Annotated[str | None, typer.Argument(help="The statement.")] = None,
    topic: Annotated[str | None, typer.Option(help="The message's topic.")] = None,
    payload: Annotated[
        str | None, typer.Option(help="File with the message's payload; - is standard input.")
    ] = None,
    client_id: Annotated[str, typer.Option(help="Client id of the publisher.")] = "n/a",
    sql_version: Annotated[
        str, typer.Option(help=f"One of {', '.join(SqlVersion)}.")
    ] = SqlVersion.SECOND.value,
    cases: Annotated[Path | None, typer.Option(help="File with a list of cases.")] = None,
    as_json_text: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a statement makes of a message, or run a table of cases.

    Ends with 0 when the statement yields (or no case differs from what it expects), with 1 when
    not, and with 2 when the statement or a file cannot be read.

    Example: robofleet rules test "SELECT * FROM 'a/+' WHERE x > 1" --topic a/b --payload x.json
    """
    try:
        if cases is not None:
            raise typer.Exit(_run_cases(cases, as_json_text=as_json_text))
        if statement is None or topic is None or payload is None:
            raise InvalidDeclaration(
                "a statement needs --topic and --payload; a table of cases is --cases FILE"
            )
        _check_topic(topic)
        case = Case("", statement, topic, _read(payload), sql_version, _circumstances(client_id))
        raise typer.Exit(_run_one(case, as_json_text=as_json_text))
    except InvalidDeclaration as error:
        _err.print(f"error: {escape(str(error))}")
        raise typer.Exit(2) from None


def _check_topic(topic: str) -> None:
    try:
        validate_topic(topic)
    except InvalidTopic as error:
        raise InvalidDeclaration(f"--topic: {error}") from None


def _circumstances(client_id: str) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    return {"clientId": client_id, "timestamp": int(now.timestamp() * 1000)}


def _sources() -> Sources:
    """Chance, identifiers and a stopwatch of this computer."""
    return Sources(
        new_uuid=lambda: str(uuid.uuid4()),
        rand=lambda: (uuid.uuid4().int >> 75) / 2**53,
        stopwatch=time.perf_counter,
    )


def _read(path: str) -> bytes:
    try:
        if path == "-":
            return typer.get_binary_stream("stdin").read()
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidDeclaration(f"{path}: {error.strerror}") from None


# ------------------------------------------------------------ one statement


def _run_one(case: Case, *, as_json_text: bool) -> int:
    statement = parse(case.sql, read_version(case.sql_version))
    outcome = run(case, _sources())
    why = _why(case, outcome) if outcome.word is Word.NO_ACTION else []
    if outcome.word is not Word.NO_MATCH and (said := not_json(statement, case.payload)):
        _err.print(f"note: {escape(said)}")
    if as_json_text:
        _print_json({**outcome.as_members(), **({"where": _listed(why)} if why else {})})
    elif outcome.word is Word.PAYLOAD:
        _out.print(escape(value_text(outcome.value)))
    elif outcome.word is Word.NO_MATCH:
        wanted = "there is no FROM" if statement.topic_filter is None else statement.topic_filter
        _out.print(f"no match: {escape(case.topic)} does not match {escape(wanted)}")
    elif outcome.word is Word.ERROR:
        _out.print(f"failed: {escape(outcome.reason)}")
    else:
        _out.print(f"no action: WHERE is {escape(value_text(why[0].value))}")
        for found in why:
            _out.print(f"  {escape(_said(found))}")
    return 0 if outcome.word is Word.PAYLOAD else 1


def _why(case: Case, _outcome: Outcome) -> Sequence[Found]:
    """The values on each side of WHERE."""
    statement = parse(case.sql, read_version(case.sql_version))
    topic = topic_seen(case.topic, statement.topic_filter)
    assert topic is not None
    assert statement.where is not None
    context = Rule("test", statement, ()).scope(context_of(case, topic, _sources()))
    try:
        return explain(statement.where, context, statement.version)
    except (Needs, RuleFailed) as error:
        raise InvalidDeclaration(f"WHERE cannot be explained: {error}") from None


def _said(found: Found) -> str:
    sides = " and ".join(
        f"{text} is {value_text(value)}"
        for text, value in found.sides
        if text != value_text(value).replace('"', "'")
    )
    return f"{found.text} is {value_text(found.value)}" + (f": {sides}" if sides else "")


def _listed(why: Sequence[Found]) -> list[dict[str, Value]]:
    """The same as JSON; what is Undefined has no value."""
    return [
        {
            **_valued(found.text, found.value),
            "sides": [_valued(text, value) for text, value in found.sides],
        }
        for found in why
    ]


def _valued(text: str, value: Value) -> dict[str, Value]:
    absent = value is UNDEFINED or isinstance(value, bytes)
    return {"expression": text, **({} if absent else {"value": value})}


# ------------------------------------------------------------ a table of cases


def _run_cases(path: Path, *, as_json_text: bool) -> int:
    try:
        listed = read_cases(_read(str(path)))
    except InvalidDeclaration as error:
        raise InvalidDeclaration(f"{path}: {error}") from None
    answers: list[dict[str, Value]] = []
    different = 0
    for case in listed:
        outcome = run(case, _sources())
        answer = {"id": case.id, **outcome.as_members()}
        if case.expected is not None and (what := difference(outcome, case.expected)):
            answer["difference"] = f"{what}{_note(case, outcome)}"
            different += 1
        answers.append(answer)
        if not as_json_text:
            _out.print(escape(_line(answer)))
    if as_json_text:
        _print_json(answers)
    else:
        _out.print(f"{len(listed)} cases, {different} different")
    return 1 if different else 0


def _note(case: Case, outcome: Outcome) -> str:
    """What may explain a difference: a payload whose members nobody can read."""
    try:
        said = not_json(parse(case.sql, read_version(case.sql_version)), case.payload)
    except InvalidDeclaration:
        return ""
    return f"; {said}" if said and outcome.word is not Word.NO_MATCH else ""


def _line(answer: dict[str, Value]) -> str:
    if "difference" in answer:
        return f"differs  {answer['id']}: {answer['difference']}"
    made = "".join(
        f" {as_json(answer[member]).decode()}"
        for member in ("payload", "payload_base64", "error")
        if member in answer
    )
    return f"{answer['outcome']:9}{answer['id']}:{made}"


def _print_json(value: Value) -> None:
    typer.echo(as_json(value))
