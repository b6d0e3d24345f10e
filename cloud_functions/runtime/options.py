"""What `robofleet up` is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cloud_functions.contract.endpoints import HTTP_PORT, HTTPS_PORT, MQTT_PORT, MQTTS_PORT
from cloud_functions.provisioning.service import ProvisioningLimits
from cloud_functions.registry.limits import AWS_LIMITS, RegistryLimits
from cloud_functions.runtime.http.aws.aws_auth import AwsAuthMode
from cloud_functions.runtime.quotas import Quotas

DEFAULT_TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """A data directory, a template, a broker (None: the best there is), ports and limits."""

    data: Path
    template: Path = DEFAULT_TEMPLATE
    parameters: Mapping[str, str] = field(default_factory=dict)
    broker: str | None = None
    mqtt_port: int = MQTT_PORT
    mqtts_port: int = MQTTS_PORT
    https_port: int = HTTPS_PORT
    http_port: int = HTTP_PORT
    plain: bool = True
    aws_auth: AwsAuthMode = AwsAuthMode.ANY
    quotas: Quotas = field(default_factory=Quotas)
    registry_limits: RegistryLimits = AWS_LIMITS
    provisioning_limits: ProvisioningLimits = field(default_factory=ProvisioningLimits)
