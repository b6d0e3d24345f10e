"""A cloud with provisioning templates of its own, and what its devices bring."""

import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CLIENTS = "arn:aws:iot:us-east-1:000000000000:client/"
ROLE = "arn:aws:iam::000000000000:role/provisioning"
BODY = {
    "Parameters": {
        "Serial": {"Type": "String"},
        "Site": {"Type": "String", "Default": "nowhere"},
        "AWS::IoT::Certificate::Id": {"Type": "String"},
    },
    "Mappings": {"Urls": {"berlin": {"home": "https://berlin.example.com"}}},
    "Resources": {
        "thing": {
            "Type": "AWS::IoT::Thing",
            "OverrideSettings": {"AttributePayload": "MERGE"},
            "Properties": {
                "ThingName": {"Fn::Sub": "vacuum-${Serial}"},
                "AttributePayload": {"site": {"Ref": "Site"}},
            },
        },
        "certificate": {
            "Type": "AWS::IoT::Certificate",
            "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
        },
        "policy": {
            "Type": "AWS::IoT::Policy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["iot:Connect"],
                            "Resource": {"Fn::Sub": f"{CLIENTS}vacuum-${{Serial}}"},
                        },
                        {
                            "Effect": "Allow",
                            "Action": ["iot:Publish", "iot:Receive", "iot:Subscribe"],
                            "Resource": ["*"],
                        },
                    ],
                }
            },
        },
    },
    "DeviceConfiguration": {"home": {"Fn::FindInMap": ["Urls", "berlin", "home"]}},
}
HOOK = """
import time

def handle(event, _context):
    secret = event["parameters"].get("Secret")
    if secret == "slow":
        time.sleep(8)
    if secret == "broken":
        raise RuntimeError("no")
    return {"allowProvisioning": secret == "right", "parameterOverrides": {"Site": "berlin"}}
"""
SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Ask:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: hook.handle
      CodeUri: .
      Timeout: 20
  Asked:
    Type: AWS::IoT::ProvisioningTemplate
    Properties:
      TemplateName: asked
      Enabled: true
      ProvisioningRoleArn: arn:aws:iam::000000000000:role/provisioning
      PreProvisioningHook: {PayloadVersion: "2020-04-01", TargetArn: !GetAtt Ask.Arn}
      TemplateBody: |
        %s
  Open:
    Type: AWS::IoT::ProvisioningTemplate
    Properties:
      TemplateName: open
      Enabled: true
      ProvisioningRoleArn: arn:aws:iam::000000000000:role/provisioning
      TemplateBody: |
        %s
"""


def options(folder: Path, broker: str) -> list[str]:
    """What to start a cloud with that has the templates `asked` and `open`."""
    (folder / "hook.py").write_text(HOOK)
    body = json.dumps(BODY)
    template = folder / "template.yaml"
    template.write_text(SAM % (body, body))
    return ["--broker", broker, "--free-ports", "--template", str(template)]


class Keys:
    """A key of the device's own, and its signing request."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "whoever")])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        self.request = builder.sign(self.key, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM
        )

    @property
    def pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
