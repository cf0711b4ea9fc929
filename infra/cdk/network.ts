import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { logGroup } from './log-group.ts';
import type { Place } from './place.ts';

/** Of the whole network. */
const CIDR = '10.0.0.0/16';

/** Two zones. Models have no address of their own outside; weights from S3 do not pass the NAT, which counts each GB. */
export function network(place: Place): IVpc {
  const { scope, stage } = place;
  const vpc = new Vpc(scope, 'Network', {
    ipAddresses: IpAddresses.cidr(CIDR),
    maxAzs: 2,
    natGateways: stage.natGateways,
    restrictDefaultSecurityGroup: false, // a custom resource, for a group that nothing is in
    subnetConfiguration: [
      { name: 'outside', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: 'models', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
    ],
    gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
  });
  vpc.addFlowLog('Flow', {
    destination: FlowLogDestination.toCloudWatchLogs(logGroup(place, 'FlowLogs')),
    trafficType: FlowLogTrafficType.REJECT,
  });
  return vpc as IVpc; // their types know no exactOptionalPropertyTypes
}
