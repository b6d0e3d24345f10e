"""The template reader, and the product's own template."""

import subprocess
import sys
from pathlib import Path

import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.options import DEFAULT_TEMPLATE
from cloud_functions.runtime.template.reader import read

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def template(folder: Path, text: str) -> Path:
    path = folder / "template.yaml"
    path.write_text(HEAD + text)
    for module in ("a", "c"):
        (folder / f"{module}.py").touch()
    return path


def test_the_products_template_is_valid_for_aws() -> None:
    program = Path(sys.executable).parent / "cfn-lint"

    done = subprocess.run(
        [program, str(DEFAULT_TEMPLATE)], capture_output=True, text=True, check=False
    )

    assert done.stdout == ""
    assert done.returncode == 0


def test_the_products_template_declares_what_the_design_lists() -> None:
    declared = read(DEFAULT_TEMPLATE)

    routes = {(route.method, route.path) for route in declared.routes}
    assert {
        ("GET", "/robots"),
        ("POST", "/robots"),
        ("GET", "/robots/{thing}"),
        ("DELETE", "/robots/{thing}"),
        ("POST", "/robots/{thing}/commands"),
        ("GET", "/robots/{thing}/settings"),
        ("PATCH", "/robots/{thing}/settings"),
        ("GET", "/robots/{thing}/schedule"),
        ("PUT", "/robots/{thing}/schedule"),
        ("GET", "/robots/{thing}/missions"),
        ("GET", "/robots/{thing}/missions/{id}/map"),
        ("GET", "/robots/{thing}/alerts"),
    } == routes
    assert {route.key for route in declared.socket_routes} == {"$connect", "$disconnect"}
    assert "pose" in {rule.name for rule in declared.rules}
    assert all(read_rule(rule).actions for rule in declared.rules)
    assert declared.authorizers["Owner"].issuer.endswith("/local_robofleet")


PROVISIONING = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: a.b}
  Vacuums:
    Type: AWS::IoT::ProvisioningTemplate
    Properties:
      Enabled: true
      ProvisioningRoleArn: arn:aws:iam::000000000000:role/provisioning
      PreProvisioningHook: {TargetArn: !GetAtt HOOK.Arn}
      TemplateBody: |
        {"Resources": {"thing": {"Type": "AWS::IoT::Thing", "Properties": {PROPERTIES}}}}
"""


def test_a_provisioning_template_is_declared_with_its_function(tmp_path) -> None:
    text = PROVISIONING.replace("HOOK", "F").replace("PROPERTIES", '"ThingName": "r"')

    (declared,) = read(template(tmp_path, text)).provisioning_templates

    assert (declared.name, declared.enabled) == ("Vacuums", True)
    hook = declared.record(1.0).hook
    assert hook is not None
    assert hook.function == "F"


@pytest.mark.parametrize(
    ("hook", "properties", "complaint"),
    [
        ("F", '"Name": "r"', "$.Resources.thing.Properties: there is no Name"),
        ("Vacuums", '"ThingName": "r"', "there is no function"),
    ],
)
def test_a_provisioning_template_that_cannot_run_is_refused(
    tmp_path, hook, properties, complaint
) -> None:
    text = PROVISIONING.replace("HOOK", hook).replace("PROPERTIES", properties)

    with pytest.raises(InvalidDeclaration) as refusal:
        read(template(tmp_path, text))

    assert complaint in str(refusal.value)


def test_functions_of_cloudformation_are_resolved(tmp_path) -> None:
    path = template(
        tmp_path,
        """
Parameters:
  Stage: {Type: String, Default: dev}
Mappings:
  Sizes: {dev: {Memory: 256}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      MemorySize: !FindInMap [Sizes, !Ref Stage, Memory]
      Environment:
        Variables:
          NAME: !Sub "${Stage}-${AWS::Region}-${!literal}"
          JOINED: !Join ["-", [a, !Select [1, !Split [",", "x,y"]]]]
          ARN: !GetAtt One.Arn
          MAYBE: !If [IsProd, prod, !Ref "AWS::NoValue"]
  Gone:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {Runtime: python3.12, Handler: c.d}
""",
    )

    declared = read(path)

    (function,) = declared.functions.values()
    assert function.memory_mb == 256
    assert function.environment == {
        "NAME": "dev-us-east-1-${literal}",
        "JOINED": "a-y",
        "ARN": "arn:aws:lambda:us-east-1:000000000000:function:One",
    }
    assert set(read(path, parameters={"Stage": "dev"}).functions) == {"One"}


FUNCTION = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"
BROKEN = {
    "a key twice": ("Resources: {}\nResources: {}\n", "Resources stands twice"),
    "an unknown short form": ("Resources:\n  A: !Reff B\n", "!Reff is no short form"),
    "no handler": (FUNCTION + "      Runtime: python3.12\n", "Handler is missing"),
    "another language": (FUNCTION + "      Runtime: nodejs20.x\n", "Runtime nodejs20.x is not"),
    "a time-out too long": (
        FUNCTION + "      Runtime: python3.12\n      Handler: a.b\n      Timeout: 9000\n",
        "Timeout is a whole number from 1 to 900",
    ),
    "a reference to nothing": (
        FUNCTION + "      Runtime: python3.12\n      Handler: !Ref Nobody\n",
        "Ref Nobody: there is no such parameter or resource",
    ),
    "a parameter without value": (
        "Parameters:\n  P: {Type: String}\nResources:\n  Q: {Type: AWS::SQS::Queue}\n",
        "parameter P: it has no default: give it with --parameter P=VALUE",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_run_is_refused_with_its_place(tmp_path, name) -> None:
    text, complaint = BROKEN[name]

    with pytest.raises(InvalidDeclaration) as refusal:
        read(template(tmp_path, text))

    assert complaint in str(refusal.value)
    assert str(refusal.value).startswith(str(tmp_path / "template.yaml"))
