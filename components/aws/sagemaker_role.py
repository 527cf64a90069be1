"""The rights of a managed endpoint: its own image, its own files, its own logs, and a place in the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.artifacts import parse_image
from components.aws.bucket_rights import allow_data_keys, allow_reading, object_arn
from components.aws.policy import FOR_OWN_ACCOUNT, OWN_ACCOUNT, Statement, allow, allow_key, document, trust
from components.aws.role import RoleArgs
from components.aws.sagemaker_args import SageMakerEndpointArgs, role_name
from components.serving.sagemaker import Asynchronous
from components.serving.sources import S3, bucket_of

SERVICE = "sagemaker.amazonaws.com"


def execution_role(args: SageMakerEndpointArgs) -> RoleArgs:
    """Return the endpoint's role.

    After docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, "CreateModel API: Execution Role Permissions", with resources in
    the place of `*` where AWS knows any.
    """
    keys = [_keys(variant.source) for variant in args.variants if variant.source]
    documents: dict[str, Iterable[Statement]] = {
        "image": _pulling(args),
        "logs": _logging(args),
        **({"models": allow_reading(args.bucket, keys)} if keys else {}),
        **({} if args.serverless else {"network": _joining(args)}),
        **({"volumes": _volumes(args)} if args.encrypted_by_key else {}),
        **({"requests": _exchanging(args.asynchronous)} if args.asynchronous else {}),
    }
    inline = {name: document(*statements) for name, statements in documents.items()}
    return RoleArgs(name=role_name(args.name, args.region), trust=trust(SERVICE, when=FOR_OWN_ACCOUNT), inline=inline)


def _pulling(args: SageMakerEndpointArgs) -> Iterator[Statement]:
    yield allow(["ecr:GetAuthorizationToken"], ["*"])  # it has no resource
    if repositories := sorted({arn for variant in args.variants if (arn := _repository(variant.image))}):
        yield allow(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repositories)


def _repository(image: str) -> str | None:
    """ARN of an image's repository in ECR; None for a placeholder of an image that is still to be built."""
    registry, _, repository = parse_image(image).repository.partition("/")
    account, *_, region = registry.removesuffix(".amazonaws.com").split(".")
    return f"arn:aws:ecr:{region}:{account}:repository/{repository}" if ".dkr.ecr." in registry else None


def _logging(args: SageMakerEndpointArgs) -> Iterator[Statement]:
    # logs:CreateLogGroup is missing on purpose: a group that the service creates would be kept for ever.
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    yield allow(actions, [f"arn:aws:logs:{args.region}:*:log-group:{log_group(args)}:*"], OWN_ACCOUNT)
    yield allow(["cloudwatch:PutMetricData"], ["*"], {"StringLike": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/*"]}})


def log_group(args: SageMakerEndpointArgs) -> str:
    """Return the log group in which SageMaker writes what containers print."""
    return f"/aws/sagemaker/Endpoints/{args.name}"


def _keys(source: str) -> str:
    """`s3://models/a/b/` → `a/b/*`; a file's key is itself."""
    key = source.removeprefix(f"{S3}{bucket_of(source)}/")
    return f"{key}*" if key.endswith("/") else key


def _volumes(args: SageMakerEndpointArgs) -> Iterator[Statement]:
    """The key of the model store has an alias of the bucket's name. A grant is for a volume that AWS attaches, and for nobody else."""
    alias = f"alias/{args.bucket}"
    yield allow_key(["kms:DescribeKey"], args.region, alias)
    yield allow_key(["kms:CreateGrant"], args.region, alias, {"Bool": {"kms:GrantIsForAWSResource": "true"}})


def _joining(args: SageMakerEndpointArgs) -> Iterator[Statement]:
    """Network interfaces in the network's subnets. None of the describing actions has a resource."""
    interfaces = f"arn:aws:ec2:{args.region}:*:network-interface/*"
    places = [f"arn:aws:ec2:{args.region}:*:{kind}/*" for kind in ("security-group", "subnet")]
    yield allow(["ec2:CreateNetworkInterface"], [interfaces, *places], OWN_ACCOUNT)
    changes = ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"]
    yield allow(changes, [interfaces], OWN_ACCOUNT)
    described = ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    yield allow([f"ec2:Describe{what}" for what in described], ["*"])


def _exchanging(files: Asynchronous) -> Iterator[Statement]:
    """SageMaker itself, with this role, reads the requests' files and writes those of the answers."""
    yield from allow_reading(bucket_of(files.input), [_keys(f"{files.input}/")])
    target = bucket_of(files.output)
    yield allow(["s3:AbortMultipartUpload", "s3:PutObject"], [object_arn(target, _keys(f"{files.output}/"))])
    yield allow_data_keys(target, ["kms:Decrypt", "kms:GenerateDataKey"])
