"""Reads a SAM template: what it declares, and a clear refusal of what cannot run here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.region import ACCOUNT, REGION
from cloud_functions.runtime.template.declaration import (
    Action,
    Authorizer,
    Cors,
    Declaration,
    Function,
    Route,
    SocketRoute,
    TableSpec,
    TopicRule,
)
from cloud_functions.runtime.template.intrinsics import PHONE_CLIENT, USER_POOL, Resolver
from cloud_functions.runtime.template.provisioning import (
    ProvisioningTemplate,
    check_hook,
    read_provisioning,
)
from cloud_functions.runtime.template.yaml_nodes import Marked, Place, caret, load

IGNORED: Final = frozenset(
    {
        *("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"),
        *("AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"),
        *("AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"),
        *("AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Deployment"),
        *("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Integration"),
        *("AWS::IoT::Policy", "AWS::IoT::ThingType"),
    }
)
"""Resources that are needed on AWS and have nothing to run here, or are read through another."""

_ANY_METHOD: Final = "X-AMAZON-APIGATEWAY-ANY-METHOD"
_ARN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


def read(
    path: Path,
    *,
    parameters: Mapping[str, str] | None = None,
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> Declaration:
    """The declaration in a template.

    `parameters` replace the template's defaults; `attributes` say what `Ref` (key "") and `GetAtt`
    of resources mean on this computer.  Raises InvalidDeclaration with file, line and column.
    """
    return _Reader(path, parameters or {}, attributes or {}).declaration()


class _Reader:
    def __init__(
        self,
        path: Path,
        parameters: Mapping[str, str],
        attributes: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._path = path
        self._root = load(path)
        self._resources = self._section("Resources")
        if not self._resources:
            raise InvalidDeclaration(f"{path}: a template needs Resources")
        self._parameters = self._values(parameters)
        known = {name: self._known(name) for name in self._resources}
        for name, more in attributes.items():
            known[name] = {**known.get(name, {}), **more}
        self._resolver = Resolver(
            self._parameters, known, self._section("Conditions"), self._section("Mappings")
        )
        self._functions: dict[str, Function] = {}
        self._routes: list[Route] = []
        self._authorizers: dict[str, Authorizer] = {}
        self._default_authorizer: str | None = None
        self._cors: Cors | None = None
        self._socket_routes: list[SocketRoute] = []
        self._rules: list[TopicRule] = []
        self._tables: dict[str, TableSpec] = {}
        self._buckets: list[str] = []
        self._queues: list[str] = []
        self._provisioning: list[ProvisioningTemplate] = []
        self._readers: Mapping[str, Callable[[str, dict[str, Any]], None]] = {
            "AWS::Serverless::Function": self._function,
            "AWS::Serverless::HttpApi": self._http_api,
            "AWS::ApiGatewayV2::Route": self._socket_route,
            "AWS::IoT::TopicRule": self._topic_rule,
            "AWS::DynamoDB::Table": self._table,
            "AWS::Serverless::SimpleTable": self._simple_table,
            "AWS::S3::Bucket": lambda name, _said: self._buckets.append(name),
            "AWS::SQS::Queue": lambda name, _said: self._queues.append(name),
            "AWS::IoT::ProvisioningTemplate": lambda name, said: self._provisioning.append(
                read_provisioning(name, said)
            ),
        }

    def declaration(self) -> Declaration:
        for name, resource in self._resources.items():
            kind = resource.get("Type")
            if kind in IGNORED or self._is_left_out(resource):
                continue
            reader = self._readers.get(kind)
            place = self._resources.places[name]
            if reader is None:
                known = ", ".join([*self._readers, *sorted(IGNORED)])
                raise self._error(f"{name}: {kind} is not supported; there are {known}", place)
            try:
                reader(name, self._properties(resource))
            except InvalidDeclaration as error:
                if str(error).startswith(str(self._path)):
                    raise
                raise self._error(f"{name}: {error}", place) from None
        self._check_references()
        return Declaration(
            path=self._path,
            functions=self._functions,
            routes=tuple(self._routes),
            authorizers=self._authorizers,
            default_authorizer=self._default_authorizer,
            cors=self._cors,
            socket_routes=tuple(self._socket_routes),
            rules=tuple(self._rules),
            tables=self._tables,
            buckets=tuple(self._buckets),
            queues=tuple(self._queues),
            parameters=self._parameters,
            provisioning_templates=tuple(self._provisioning),
        )

    # ------------------------------------------------------------ the frame

    def _section(self, name: str) -> Marked:
        section = self._root.get(name)
        if section is None:
            return Marked((1, 1))
        if not isinstance(section, Marked):
            raise self._error(f"{name} is an object", self._root.places[name])
        return section

    def _values(self, given: Mapping[str, str]) -> dict[str, str]:
        declared = self._section("Parameters")
        for name in given:
            if name not in declared:
                known = ", ".join(declared) or "none"
                raise InvalidDeclaration(
                    f"{self._path}: there is no parameter {name}; there are {known}"
                )
        values: dict[str, str] = {}
        for name, said in declared.items():
            if name in given:
                values[name] = given[name]
            elif "Default" in said:
                values[name] = said["Default"]
            else:
                raise self._error(
                    f"parameter {name} has no default: give it with --parameter {name}=VALUE",
                    declared.places[name],
                )
        return values

    def _known(self, name: str) -> dict[str, str]:
        """What `Ref` and `GetAtt` of a resource mean here."""
        resource = self._resources[name]
        if not isinstance(resource, Marked):
            raise self._error(f"{name} is an object with Type", self._resources.places[name])
        match resource.get("Type"):
            case "AWS::Serverless::Function":
                return {"": name, "Arn": _ARN + name}
            case "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable":
                return {"": name, "Arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"}
            case "AWS::S3::Bucket":
                return {"": name.lower(), "Arn": f"arn:aws:s3:::{name.lower()}"}
            case "AWS::SQS::Queue":
                url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
                arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
                return {"": url, "Arn": arn, "QueueName": name}
            case "AWS::Cognito::UserPool":
                arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{USER_POOL}"
                return {"": USER_POOL, "Arn": arn, "UserPoolId": USER_POOL}
            case "AWS::Cognito::UserPoolClient":
                return {"": PHONE_CLIENT, "ClientId": PHONE_CLIENT}
            case _:
                return {"": name, "Arn": f"arn:aws:local:{REGION}:{ACCOUNT}:{name}"}

    def _is_left_out(self, resource: Marked) -> bool:
        condition = resource.get("Condition")
        return condition is not None and not self._resolver.condition(condition)

    def _properties(self, resource: Marked) -> dict[str, Any]:
        said = self._resolver.resolve(resource.get("Properties") or {})
        if not isinstance(said, dict):
            raise InvalidDeclaration("Properties is an object")
        return said

    def _error(self, text: str, place: Place) -> InvalidDeclaration:
        line, column = place
        return InvalidDeclaration(f"{self._path}:{line}:{column}: {text}{caret(self._path, place)}")

    # ------------------------------------------------------------ functions

    def _function(self, name: str, said: dict[str, Any]) -> None:
        merged = self._with_globals("Function", said)
        for refused in ("ImageUri", "InlineCode"):
            if refused in merged:
                raise InvalidDeclaration(f"{refused} is not supported; there is CodeUri")
        runtime = str(merged.get("Runtime", ""))
        if not runtime.startswith("python3"):
            raise InvalidDeclaration(f"Runtime {runtime or 'none'} is not supported; use python3")
        variables = (merged.get("Environment") or {}).get("Variables") or {}
        self._functions[name] = Function(
            name=name,
            handler=_text(merged, "Handler"),
            code=(self._path.parent / str(merged.get("CodeUri", "."))).resolve(),
            timeout_s=_number(merged, "Timeout", 3, 1, 900),
            memory_mb=int(_number(merged, "MemorySize", 128, 128, 10_240)),
            concurrency=merged.get("ReservedConcurrentExecutions"),
            environment={key: str(value) for key, value in variables.items()},
        )
        for event_name, event in (merged.get("Events") or {}).items():
            self._event(name, event_name, event)

    def _with_globals(self, section: str, said: dict[str, Any]) -> dict[str, Any]:
        shared = self._resolver.resolve(self._section("Globals").get(section) or {})
        merged = {**shared, **said}
        for key, value in shared.items():
            if isinstance(value, dict) and isinstance(said.get(key), dict):
                merged[key] = _deep({**value}, said[key])
        return merged

    def _event(self, function: str, name: str, event: dict[str, Any]) -> None:
        kind, said = event.get("Type"), event.get("Properties") or {}
        if kind == "HttpApi":
            self._route(function, said)
        elif kind == "IoTRule":
            self._iot_rule(function, name, said)
        else:
            raise InvalidDeclaration(
                f"event {name}: {kind} is not supported; there are HttpApi, IoTRule"
            )

    def _route(self, function: str, said: dict[str, Any]) -> None:
        if "Path" not in said:
            self._routes.append(Route("ANY", "$default", function, self._authorizer_of(said)))
            return
        method = (
            str(said.get("Method", "ANY")).upper().replace("X-AMAZON-APIGATEWAY-ANY-METHOD", "ANY")
        )
        path = _text(said, "Path")
        self._routes.append(Route(method, path, function, self._authorizer_of(said)))

    @staticmethod
    def _authorizer_of(said: dict[str, Any]) -> str | None:
        """An authorizer's name, None for the API's default, `NONE` for none at all."""
        name = (said.get("Auth") or {}).get("Authorizer")
        return None if name is None else str(name)

    def _iot_rule(self, function: str, name: str, said: dict[str, Any]) -> None:
        action = Action("lambda", {"FunctionArn": _ARN + function})
        self._rules.append(
            TopicRule(
                name=f"{function}{name}",
                sql=_text(said, "Sql"),
                sql_version=str(said.get("AwsIotSqlVersion", "2015-10-08")),
                actions=(action,),
                where=self._where(function),
            )
        )

    def _where(self, resource: str) -> str:
        line, column = self._resources.places[resource]
        return f"{self._path}:{line}:{column}"

    # ------------------------------------------------------------ the other resources

    def _topic_rule(self, name: str, said: dict[str, Any]) -> None:
        payload = said.get("TopicRulePayload") or {}
        error_action = payload.get("ErrorAction")
        self._rules.append(
            TopicRule(
                name=str(said.get("RuleName", name)),
                sql=_text(payload, "Sql"),
                sql_version=str(payload.get("AwsIotSqlVersion", "2015-10-08")),
                actions=tuple(_action(each) for each in payload.get("Actions") or ()),
                error_action=None if error_action is None else _action(error_action),
                enabled=not payload.get("RuleDisabled", False),
                where=self._where(name),
            )
        )

    def _http_api(self, _name: str, said: dict[str, Any]) -> None:
        merged = self._with_globals("HttpApi", said)
        auth = merged.get("Auth") or {}
        for name, authorizer in (auth.get("Authorizers") or {}).items():
            jwt = authorizer.get("JwtConfiguration")
            if jwt is None:
                raise InvalidDeclaration(f"authorizer {name}: only JwtConfiguration is supported")
            self._authorizers[name] = Authorizer(
                name=name,
                issuer=_text(jwt, "issuer"),
                audience=tuple(jwt.get("audience") or ()),
                identity_source=str(
                    authorizer.get("IdentitySource", "$request.header.Authorization")
                ),
            )
        self._default_authorizer = auth.get("DefaultAuthorizer", self._default_authorizer)
        cors = merged.get("CorsConfiguration")
        if isinstance(cors, dict):
            self._cors = Cors(
                allow_origins=tuple(cors.get("AllowOrigins") or ()),
                allow_methods=tuple(cors.get("AllowMethods") or ()),
                allow_headers=tuple(cors.get("AllowHeaders") or ()),
                max_age_s=int(cors.get("MaxAge", 0)),
            )
        elif cors is True:
            self._cors = Cors(("*",), ("*",), ("*",))

    def _socket_route(self, _name: str, said: dict[str, Any]) -> None:
        """A WebSocket route finds its function through its integration's URI."""
        target = str(said.get("Target", "")).removeprefix("integrations/")
        integration = self._resources.get(target)
        if integration is None:
            raise InvalidDeclaration(f"Target {target}: there is no such integration")
        uri = str(self._properties(integration).get("IntegrationUri", ""))
        function = uri.rsplit(":function:", maxsplit=1)[-1].split("/", maxsplit=1)[0]
        self._socket_routes.append(SocketRoute(_text(said, "RouteKey"), function))

    def _table(self, name: str, said: dict[str, Any]) -> None:
        keys = {each["KeyType"]: each["AttributeName"] for each in said.get("KeySchema") or ()}
        if "HASH" not in keys:
            raise InvalidDeclaration("KeySchema needs a HASH key")
        self._tables[name] = TableSpec(name, keys["HASH"], keys.get("RANGE"))

    def _simple_table(self, name: str, said: dict[str, Any]) -> None:
        key = (said.get("PrimaryKey") or {}).get("Name", "id")
        self._tables[name] = TableSpec(name, key)

    # ------------------------------------------------------------ references

    def _check_references(self) -> None:
        known = {None, "NONE", *self._authorizers}
        for route in self._routes:
            if route.authorizer not in known:
                names = ", ".join(self._authorizers) or "none"
                raise self._error(
                    f"{route.function}: there is no authorizer {route.authorizer};"
                    f" there are {names}",
                    self._resources.places[route.function],
                )
        for declared in self._provisioning:
            check_hook(declared, self._functions)
        for socket_route in self._socket_routes:
            if socket_route.function not in self._functions:
                raise InvalidDeclaration(
                    f"{self._path}: WebSocket route {socket_route.key}: there is no function"
                    f" {socket_route.function}"
                )


def _action(said: dict[str, Any]) -> Action:
    if len(said) != 1:
        raise InvalidDeclaration(f"an action has one name, not {', '.join(said) or 'none'}")
    ((kind, parameters),) = said.items()
    return Action(kind[:1].lower() + kind[1:], parameters)


def _text(said: Mapping[str, Any], member: str) -> str:
    value = said.get(member)
    if not isinstance(value, str) or not value.strip():
        raise InvalidDeclaration(f"{member} is missing: a text is needed")
    return value


def _number(said: Mapping[str, Any], member: str, default: int, low: int, high: int) -> float:
    value = said.get(member, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidDeclaration(f"{member} is a whole number from {low} to {high}, not {value!r}")
    return float(value)


def _deep(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    for key, value in over.items():
        known = base.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            base[key] = _deep({**known}, value)
        else:
            base[key] = value
    return base
