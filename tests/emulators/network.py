"""Resources of EC2: the network, and launch templates."""

from __future__ import annotations

from typing import Any

from tests.emulators.resource import Aws, Inputs, Kind, Made, capitals, small, tags


def _tagged(aws: Aws, identity: str, inputs: Inputs) -> Made:
    if inputs.get("tags"):
        aws.ec2.create_tags(Resources=[identity], Tags=tags(inputs["tags"]))
    return Made(identity)


def _vpc(aws: Aws, inputs: Inputs) -> Made:
    made = _tagged(aws, aws.ec2.create_vpc(CidrBlock=inputs["cidrBlock"])["Vpc"]["VpcId"], inputs)
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        aws.ec2.modify_vpc_attribute(VpcId=made.id, **capitals({name: {"value": inputs[name]}}))
    return made


def _read_vpc(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (vpc,) = aws.ec2.describe_vpcs(VpcIds=[made.id])["Vpcs"]
    hostnames = aws.ec2.describe_vpc_attribute(VpcId=made.id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    return {"cidrBlock": vpc["CidrBlock"], "enableDnsHostnames": hostnames, "tags": _tags(vpc)}


def _tags(found: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}


def _default_group(aws: Aws, inputs: Inputs) -> Made:
    filters = [{"Name": "vpc-id", "Values": [inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    if group["IpPermissions"]:
        aws.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    return _tagged(aws, group["GroupId"], inputs)


def _group(aws: Aws, inputs: Inputs) -> Made:
    made = aws.ec2.create_security_group(GroupName=inputs["name"], Description=inputs["description"], VpcId=inputs["vpcId"])
    if inputs.get("egress"):
        # The provider removes AWS's own rule, which lets everything out, and makes those that are declared.
        (group,) = aws.ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"]
        if group["IpPermissionsEgress"]:
            aws.ec2.revoke_security_group_egress(GroupId=made["GroupId"], IpPermissions=group["IpPermissionsEgress"])
        rules = [{**rule, "ipProtocol": rule["protocol"], "cidrIpv4": rule["cidrBlocks"][0]} for rule in inputs["egress"]]
        aws.ec2.authorize_security_group_egress(GroupId=made["GroupId"], IpPermissions=list(map(_permission, rules)))
    return _tagged(aws, made["GroupId"], inputs)


def _read_group(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    (group,) = aws.ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
    named = {"name": group["GroupName"], "description": group["Description"]} if "name" in inputs else {}
    return {**named, "vpcId": group["VpcId"], "tags": _tags(group)}


def _permission(inputs: Inputs) -> dict[str, Any]:
    ranges = [{"CidrIp": inputs["cidrIpv4"], "Description": inputs["description"]}]
    return {"IpProtocol": inputs["ipProtocol"], "FromPort": inputs["fromPort"], "ToPort": inputs["toPort"], "IpRanges": ranges}


def _rule(aws: Aws, inputs: Inputs) -> Made:
    aws.ec2.authorize_security_group_ingress(GroupId=inputs["securityGroupId"], IpPermissions=[_permission(inputs)])
    return Made(inputs["securityGroupId"])


def _read_rule(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    ((rule,),) = (group["IpPermissions"] for group in aws.ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"])
    return {"fromPort": rule["FromPort"], "toPort": rule["ToPort"], "cidrIpv4": rule["IpRanges"][0]["CidrIp"]}


def _internet(aws: Aws, inputs: Inputs) -> Made:
    made = _tagged(aws, aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"], inputs)
    aws.ec2.attach_internet_gateway(InternetGatewayId=made.id, VpcId=inputs["vpcId"])
    return made


def _read_internet(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (gateway,) = aws.ec2.describe_internet_gateways(InternetGatewayIds=[made.id])["InternetGateways"]
    return {"vpcId": gateway["Attachments"][0]["VpcId"]}


def _drop_internet(aws: Aws, inputs: Inputs, made: Made) -> None:
    aws.ec2.detach_internet_gateway(InternetGatewayId=made.id, VpcId=inputs["vpcId"])
    aws.ec2.delete_internet_gateway(InternetGatewayId=made.id)


def _subnet(aws: Aws, inputs: Inputs) -> Made:
    place = {"VpcId": inputs["vpcId"], "CidrBlock": inputs["cidrBlock"], "AvailabilityZone": inputs["availabilityZone"]}
    return _tagged(aws, aws.ec2.create_subnet(**place)["Subnet"]["SubnetId"], inputs)


def _read_subnet(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (found,) = aws.ec2.describe_subnets(SubnetIds=[made.id])["Subnets"]
    read = {name: small(found)[name] for name in ("vpcId", "cidrBlock", "availabilityZone")}
    return {**read, "tags": _tags(found)}


def _table(aws: Aws, inputs: Inputs) -> Made:
    return _tagged(aws, aws.ec2.create_route_table(VpcId=inputs["vpcId"])["RouteTable"]["RouteTableId"], inputs)


def _described_table(aws: Aws, identity: str) -> dict[str, Any]:
    (table,) = aws.ec2.describe_route_tables(RouteTableIds=[identity])["RouteTables"]
    found: dict[str, Any] = table
    return found


def _route(aws: Aws, inputs: Inputs) -> Made:
    aws.ec2.create_route(**capitals(inputs))
    return Made(inputs["routeTableId"])


def _read_route(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    routes = _described_table(aws, made.id)["Routes"]
    (route,) = [route for route in routes if route.get("DestinationCidrBlock") == inputs["destinationCidrBlock"]]
    return {name: small(route).get(name) for name in ("gatewayId", "natGatewayId") if name in inputs}


def _association(aws: Aws, inputs: Inputs) -> Made:
    return Made(aws.ec2.associate_route_table(**capitals(inputs))["AssociationId"])


def _read_association(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    found = _described_table(aws, inputs["routeTableId"])["Associations"]
    return {"subnetId": next(each["SubnetId"] for each in found if each["RouteTableAssociationId"] == made.id)}


def _address(aws: Aws, inputs: Inputs) -> Made:
    return _tagged(aws, aws.ec2.allocate_address(Domain=inputs["domain"])["AllocationId"], inputs)


def _read_address(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (address,) = aws.ec2.describe_addresses(AllocationIds=[made.id])["Addresses"]
    return {"domain": address["Domain"], "tags": _tags(address)}


def _nat(aws: Aws, inputs: Inputs) -> Made:
    made = aws.ec2.create_nat_gateway(SubnetId=inputs["subnetId"], AllocationId=inputs["allocationId"])
    return _tagged(aws, made["NatGateway"]["NatGatewayId"], inputs)


def _read_nat(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (gateway,) = aws.ec2.describe_nat_gateways(NatGatewayIds=[made.id])["NatGateways"]
    if not gateway["NatGatewayAddresses"]:  # ministack forgets them
        return {"subnetId": gateway["SubnetId"]}
    return {"subnetId": gateway["SubnetId"], "allocationId": gateway["NatGatewayAddresses"][0]["AllocationId"]}


def _endpoint(aws: Aws, inputs: Inputs) -> Made:
    wanted = capitals({name: value for name, value in inputs.items() if name != "tags"})
    return _tagged(aws, aws.ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"], inputs)


def _read_endpoint(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    (found,) = aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[made.id])["VpcEndpoints"]
    lists: Inputs = {name: sorted(small(found).get(name, [])) for name in ("routeTableIds", "subnetIds") if name in inputs}
    return {"serviceName": found["ServiceName"], "vpcEndpointType": found["VpcEndpointType"], **lists}


def _flow_log(aws: Aws, inputs: Inputs) -> Made:
    made = aws.ec2.create_flow_logs(
        ResourceIds=[inputs["vpcId"]],
        ResourceType="VPC",
        TrafficType=inputs["trafficType"],
        LogDestinationType=inputs["logDestinationType"],
        LogDestination=inputs["logDestination"],
        DeliverLogsPermissionArn=inputs["iamRoleArn"],
    )
    assert not made.get("Unsuccessful"), made
    return Made(made["FlowLogIds"][0])


def _read_flow_log(aws: Aws, _inputs: Inputs, made: Made) -> Inputs:
    (log,) = aws.ec2.describe_flow_logs(FlowLogIds=[made.id])["FlowLogs"]
    return {"vpcId": log["ResourceId"], "trafficType": log["TrafficType"]}


def _template(aws: Aws, inputs: Inputs) -> Made:
    made = aws.ec2.create_launch_template(LaunchTemplateName=inputs["name"], LaunchTemplateData=_template_data(inputs))["LaunchTemplate"]
    return Made(made["LaunchTemplateId"], facts={"version": str(made["LatestVersionNumber"])})


def _template_data(inputs: Inputs) -> dict[str, Any]:
    data = {name: inputs[name] for name in ("blockDeviceMappings", "metadataOptions")}
    data["blockDeviceMappings"] = [{**disk, "ebs": _typed(disk["ebs"])} for disk in data["blockDeviceMappings"]]
    specifications = [{"ResourceType": each["resourceType"], "Tags": tags(each["tags"])} for each in inputs["tagSpecifications"]]
    return {**capitals(data), "TagSpecifications": specifications}


def _new_version(aws: Aws, _old: Inputs, inputs: Inputs, made: Made) -> None:
    version = aws.ec2.create_launch_template_version(LaunchTemplateId=made.id, LaunchTemplateData=_template_data(inputs))
    number = str(version["LaunchTemplateVersion"]["VersionNumber"])
    aws.ec2.modify_launch_template(LaunchTemplateId=made.id, DefaultVersion=number)
    made.facts["version"] = number


def _typed(disk: Inputs) -> Inputs:
    """The provider has texts where EC2 has booleans."""
    return {name: value == "true" if value in ("true", "false") else value for name, value in disk.items()}


def _read_template(aws: Aws, inputs: Inputs, made: Made) -> Inputs:
    (version,) = aws.ec2.describe_launch_template_versions(LaunchTemplateId=made.id, Versions=["$Latest"])["LaunchTemplateVersions"]
    data = version["LaunchTemplateData"]
    found = [{"resourceType": each["ResourceType"], "tags": _tags(each)} for each in data["TagSpecifications"]]
    options = small(data["MetadataOptions"])
    return {"tagSpecifications": found, "metadataOptions": {name: options[name] for name in inputs["metadataOptions"]}}


NETWORK = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Kind(_default_group, _read_group, lambda *_: None),
    "aws:ec2/eip:Eip": Kind(_address, _read_address, lambda aws, _, made: aws.ec2.release_address(AllocationId=made.id)),
    "aws:ec2/flowLog:FlowLog": Kind(_flow_log, _read_flow_log, lambda aws, _, made: aws.ec2.delete_flow_logs(FlowLogIds=[made.id])),
    "aws:ec2/internetGateway:InternetGateway": Kind(_internet, _read_internet, _drop_internet),
    "aws:ec2/launchTemplate:LaunchTemplate": Kind(
        _template, _read_template, lambda aws, _, made: aws.ec2.delete_launch_template(LaunchTemplateId=made.id), _new_version
    ),
    "aws:ec2/natGateway:NatGateway": Kind(_nat, _read_nat, lambda aws, _, made: aws.ec2.delete_nat_gateway(NatGatewayId=made.id)),
    "aws:ec2/route:Route": Kind(
        _route,
        _read_route,
        lambda aws, inputs, made: aws.ec2.delete_route(RouteTableId=made.id, DestinationCidrBlock=inputs["destinationCidrBlock"]),
        lambda aws, _, inputs, __: aws.ec2.replace_route(**capitals(inputs)),
    ),
    "aws:ec2/routeTable:RouteTable": Kind(
        _table,
        lambda aws, _, made: {"vpcId": _described_table(aws, made.id)["VpcId"]},
        lambda aws, _, made: aws.ec2.delete_route_table(RouteTableId=made.id),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Kind(
        _association, _read_association, lambda aws, _, made: aws.ec2.disassociate_route_table(AssociationId=made.id)
    ),
    "aws:ec2/securityGroup:SecurityGroup": Kind(_group, _read_group, lambda aws, _, made: aws.ec2.delete_security_group(GroupId=made.id)),
    "aws:ec2/subnet:Subnet": Kind(_subnet, _read_subnet, lambda aws, _, made: aws.ec2.delete_subnet(SubnetId=made.id)),
    "aws:ec2/vpc:Vpc": Kind(_vpc, _read_vpc, lambda aws, _, made: aws.ec2.delete_vpc(VpcId=made.id)),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Kind(
        _endpoint, _read_endpoint, lambda aws, _, made: aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[made.id])
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Kind(
        _rule,
        _read_rule,
        lambda aws, inputs, made: aws.ec2.revoke_security_group_ingress(GroupId=made.id, IpPermissions=[_permission(inputs)]),
    ),
}
"""Kinds by type token."""
