"""A boto3 client of the model store.

boto3 lies in a folder of its own (scripts/publish/requirements.txt says why), which `make publish` fills.
"""

from __future__ import annotations

import sys
from typing import Any

from scripts.commands import ROOT
from scripts.errors import DriverError

FOLDER = ROOT / "build" / "publishing"

READ_TIMEOUT_SECONDS = 300
"""A store answers the completion of a large upload only after it has put the parts together."""


def by_keys(url: str, access_key: str, secret_key: str) -> Any:  # noqa: ANN401 - a boto3 client has no static type
    """A client of MinIO. MinIO takes any region; the address is this machine's own way, so no proxy of the environment is used."""
    return _boto3().client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=_config(s3={"addressing_style": "path"}, proxies={}),
    )


def by_identity(region: str) -> Any:  # noqa: ANN401
    """A client of S3, with the user's own AWS credentials: boto3 looks for them where the AWS CLI does."""
    return _boto3().client("s3", region_name=region, config=_config())


def failures() -> tuple[type[Exception], ...]:
    """Exceptions of a client: the store refuses a request, or does not answer."""
    _boto3()
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    return BotoCoreError, ClientError, HTTPClientError


def _config(**more: Any) -> Any:  # noqa: ANN401
    from botocore.config import Config

    return Config(connect_timeout=10, read_timeout=READ_TIMEOUT_SECONDS, retries={"mode": "standard", "total_max_attempts": 4}, **more)


def _boto3() -> Any:  # noqa: ANN401
    if not (FOLDER / "boto3").is_dir():
        raise DriverError(f"boto3 is not in {FOLDER}: `make publish` installs it there")
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))  # first: its dependencies must win over those of requirements.txt
    import boto3

    return boto3
