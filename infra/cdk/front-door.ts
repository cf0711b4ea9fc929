/** The gateway in the cloud, in the form that the site asks for. */
import { join } from 'node:path';
import { Duration, Fn, Stack } from 'aws-cdk-lib';
import { type IOrigin, OriginProtocolPolicy } from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { CfnLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import {
  Architecture,
  Code,
  FunctionUrlAuthType,
  InvokeMode,
  Function as LambdaFunction,
  NetworkConnector,
  NetworkConnectorComputeType,
  NetworkConnectorConfiguration,
  Runtime,
  WebFunction,
  WebFunctionAuthType,
  WebFunctionCode,
  WebFunctionRuntime,
} from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { allow } from './balancer.ts';
import { cloudFrontAddresses } from './cloudfront-addresses.ts';
import { checkFit, type GatewayParts, gatewayEnvironment, grantGateway } from './gateway-environment.ts';
import { logGroup } from './log-group.ts';
import type { Place } from './place.ts';
import { originHeaders, originSecret, type Secrets, secretId } from './secrets.ts';
import { type WorkloadService, workloadService } from './workload-service.ts';

export interface FrontDoorProps extends GatewayParts {
  /** The folder with what scripts/build.ts made. */
  readonly bundles: string;
  readonly vpc: IVpc;
  readonly secrets: Secrets;
}

export interface FrontDoor {
  /** For CloudFront. */
  readonly origin: IOrigin;
  readonly logs: ILogGroup;
  /** Of the container; a function has none. */
  readonly service: WorkloadService | undefined;
}

const MINUTES = 15; // the most that Lambda gives
const MEGABYTES = 512; // measured: the gateway has 88 MB resident; more memory is more processor
const PACKETS = Duration.seconds(60); // between two pieces of an answer; the gateway sends comments meanwhile

export function frontDoor(place: Place, props: FrontDoorProps): FrontDoor {
  switch (place.plan.site.cloud.frontDoor) {
    case 'web-function':
      return webFunction(place, props);
    case 'function-url':
      return functionUrl(place, props);
    case 'container':
      return container(place, props);
  }
}

/** Runs the bundle as it is: a server on a port. */
function webFunction({ scope: parent, ...rest }: Place, props: FrontDoorProps): FrontDoor {
  const place = { scope: new Construct(parent, 'Gateway'), ...rest };
  const { scope } = place;
  const { vpc, bundles } = props;
  const logs = logGroup(place, 'LogGroup');
  const known = functionSecrets(place, props);
  const group = insideGroup(place, props);
  const egress = new NetworkConnector(scope, 'Egress', {
    configuration: NetworkConnectorConfiguration.vpcEgress({
      computeType: NetworkConnectorComputeType.WEB_FUNCTION,
      vpc,
      securityGroups: [group],
    }),
  });
  const made = new WebFunction(scope, 'Function', {
    code: WebFunctionCode.fromAssetToManagedBucket(join(bundles, 'gateway'), {
      copyOptions: { logGroup: logGroup(place, 'CopyLogGroup') },
    }),
    entryPoint: 'index.mjs',
    runtime: WebFunctionRuntime.NODEJS_24_X,
    // Clients bring a key of the site's, which the gateway checks; OpenAI's libraries cannot sign for AWS.
    defaultEndpointAuth: WebFunctionAuthType.APPLICATION_MANAGED,
    egressNetworkConnector: egress,
    environment: functionEnvironment(place, props, known),
    logGroup: logs,
    timeout: Duration.minutes(MINUTES),
  });
  grantGateway(props, made);
  for (const secret of Object.values(known)) secret.grantRead(made);
  return { origin: httpOrigin(made.endpoint.domainName, known), logs, service: undefined };
}

/** The older form: events in, a stream out. */
function functionUrl({ scope: parent, ...rest }: Place, props: FrontDoorProps): FrontDoor {
  const place = { scope: new Construct(parent, 'Gateway'), ...rest };
  const logs = logGroup(place, 'LogGroup');
  const known = functionSecrets(place, props);
  const made = new LambdaFunction(place.scope, 'Function', {
    code: Code.fromAsset(join(props.bundles, 'function')),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: MEGABYTES,
    timeout: Duration.minutes(MINUTES),
    vpc: props.vpc,
    securityGroups: [insideGroup(place, props)],
    environment: functionEnvironment(place, props, known),
    logGroup: logs,
  });
  grantGateway(props, made);
  for (const secret of Object.values(known)) secret.grantRead(made);
  const url = made.addFunctionUrl({
    authType: FunctionUrlAuthType.NONE,
    invokeMode: InvokeMode.RESPONSE_STREAM,
  });
  return { origin: httpOrigin(Fn.parseDomainName(url.url), known), logs, service: undefined };
}

/** Always there, and without Lambda's limits to a body. CloudFront reaches it inside the network. */
function container(place: Place, props: FrontDoorProps): FrontDoor {
  const { plan } = place;
  const environment = {
    ...gatewayEnvironment(place, props),
    AWS_REGION: Stack.of(place.scope).region,
  };
  const made = workloadService(place, { ...props, workload: plan.gateway, environment, state: undefined });
  grantGateway(props, made.service.taskDefinition.taskRole);
  const { alb } = props;
  allow(
    alb,
    made.service,
    plan.workloads.filter(({ kind }) => kind !== 'gateway'),
  );
  letCloudFrontIn(place, props);
  const origin = VpcOrigin.withApplicationLoadBalancer(alb, {
    httpPort: plan.gateway.port,
    protocolPolicy: OriginProtocolPolicy.HTTP_ONLY,
    readTimeout: PACKETS,
  });
  return { origin, logs: made.logs, service: made };
}

/**
 * A VPC origin's requests come in through an interface of the network, and yet bear CloudFront's addresses. The list counts as
 * 55 of a group's 60 rules, so that it has a group of its own.
 */
function letCloudFrontIn({ scope, plan }: Place, { vpc, alb }: FrontDoorProps): void {
  const group = new SecurityGroup(scope, 'FromCloudFront', {
    vpc,
    description: `from CloudFront to the gateway of ${plan.site.name}`,
    allowAllOutbound: false,
  });
  const list = Peer.prefixList(cloudFrontAddresses(plan.site.cloud.region));
  group.addIngressRule(list, Port.tcp(plan.gateway.port), 'from CloudFront');
  const balancer = alb.node.defaultChild as CfnLoadBalancer;
  // Not by addSecurityGroup, which would repeat every other rule of the balancer in it.
  balancer.securityGroups = [...alb.connections.securityGroups, group].map((one) => one.securityGroupId);
}

/** A function's place in the network, from which it reaches the balancer. */
function insideGroup({ scope, plan }: Place, { vpc, alb }: FrontDoorProps): SecurityGroup {
  const group = new SecurityGroup(scope, 'Group', { vpc, description: `gateway of ${plan.site.name}` });
  allow(
    alb,
    group,
    plan.workloads.filter(({ kind }) => kind !== 'gateway'),
  );
  return group;
}

/** Its address is anybody's, and leads past the firewall: so it wants to hear what only CloudFront says. */
const httpOrigin = (domain: string, { CRIA_ORIGIN_SECRET }: FunctionSecrets): IOrigin =>
  new HttpOrigin(domain, {
    protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
    readTimeout: PACKETS,
    customHeaders: originHeaders(CRIA_ORIGIN_SECRET),
  });

/** By the variables that they are the values of. */
type FunctionSecrets = Readonly<Record<string, ISecret>> & { readonly CRIA_ORIGIN_SECRET: ISecret };

const functionSecrets = (place: Place, { secrets }: FrontDoorProps): FunctionSecrets => ({
  ...Object.fromEntries(place.plan.gateway.secrets.map(({ env, secret }) => [env, secrets[secret]!])),
  CRIA_ORIGIN_SECRET: originSecret(place),
});

/** ECS puts secrets into a container's environment; a function reads them itself, where this says. */
function functionEnvironment(
  place: Place,
  props: FrontDoorProps,
  secrets: FunctionSecrets,
): Record<string, string> {
  const ids = Object.entries(secrets).map(([env, secret]) => [env, secretId(secret)]);
  const variables = {
    ...gatewayEnvironment(place, props),
    CRIA_REQUEST_TIMEOUT: String(MINUTES * 60), // streams end before Lambda cuts them off, and say so
    CRIA_SECRETS: Stack.of(place.scope).toJsonString(Object.fromEntries(ids)),
  };
  const form = place.plan.site.cloud.frontDoor === 'function-url' ? 'function-url' : 'web-function';
  checkFit(place, form, variables);
  return variables;
}
