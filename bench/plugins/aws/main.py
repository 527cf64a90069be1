"""Entry point of `pulumi-resource-aws`."""

from __future__ import annotations

import sys
from importlib.metadata import version

from bench.aws_models import installed
from bench.plugins.aws.provider import AwsProvider
from bench.plugins.aws.service_models import ServiceModels
from bench.plugins.engine_log import EngineLog
from bench.plugins.servicer import serve


def main() -> None:
    # The engine asks for the plugin of the SDK's version, and this plugin checks against exactly that SDK.
    sdk = version("pulumi-aws")
    serve(AwsProvider(sdk, ServiceModels(installed()), EngineLog(sys.argv[1])), sdk)
