"""The AWS account and region that this computer stands for."""

from typing import Final

REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
