import { Stack } from 'aws-cdk-lib';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { PlanError } from '../errors.ts';
import { gatewayRoutes } from '../gateway-routes.ts';
import { type Buckets, grantUploads } from './buckets.ts';
import type { Place } from './place.ts';
import type { WorkloadService } from './workload-service.ts';

export interface GatewayParts {
  readonly cluster: Cluster;
  readonly alb: ApplicationLoadBalancer;
  readonly buckets: Buckets;
  readonly services: readonly WorkloadService[];
}

/** Those that may be nobody, and are started when they are asked for. */
const sleepers = (services: readonly WorkloadService[]) =>
  services.filter(({ workload }) => workload.replicas.min === 0);

/** The gateway's variables: those of the plan, the same routes as in the other setups, and what only AWS has. */
export function gatewayEnvironment(place: Place, parts: GatewayParts): Readonly<Record<string, string>> {
  const { plan } = place;
  const { alb, buckets, cluster, services } = parts;
  const wake = sleepers(services).map(({ workload, service }) => [
    workload.name,
    { cluster: cluster.clusterName, service: service.serviceName },
  ]);
  const json = (value: unknown) => Stack.of(place.scope).toJsonString(value);
  return {
    ...plan.gateway.env,
    CRIA_ROUTES: json(gatewayRoutes(plan, () => alb.loadBalancerDnsName)),
    CRIA_UPLOAD_BUCKET: buckets.uploads.bucketName,
    ...(wake.length > 0 ? { CRIA_WAKE: json(Object.fromEntries(wake)) } : {}),
  };
}

/** All variables of one together. Source: AWS Lambda Developer Guide, "Lambda quotas", and that of Web Functions. */
const MOST_BYTES = { 'web-function': 32 * 1024, 'function-url': 4096 } as const;
const OTHER_BYTES = 64; // the CDK says where the program begins
const NAME_BYTES = 120; // what stands in place of a reference, at most: an ARN, the balancer's address

/** Throws PlanError when a function cannot be told so much. */
export function checkFit(
  { scope }: Place,
  form: keyof typeof MOST_BYTES,
  variables: Readonly<Record<string, string>>,
): void {
  const most = MOST_BYTES[form];
  const resolved = Object.entries(Stack.of(scope).resolve(variables) as Readonly<Record<string, unknown>>);
  const bytes = resolved.reduce((sum, [name, value]) => sum + name.length + bytesOf(value), OTHER_BYTES);
  if (bytes > most)
    throw new PlanError([
      `cloud.frontDoor: the variables of this site's gateway are ${bytes} bytes, and a ${form} has ${most}: write frontDoor: container, or fewer models and routes`,
    ]);
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  const [, parts] = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'] ?? ['', undefined];
  return parts === undefined ? NAME_BYTES : parts.reduce<number>((sum, part) => sum + bytesOf(part), 0);
}

/** What the gateway may do in AWS: sign uploads, and start the services that sleep. Nothing else. */
export function grantGateway(parts: GatewayParts, gateway: IGrantable): void {
  grantUploads(parts.buckets.uploads, gateway);
  const resources = sleepers(parts.services).map(({ service }) => service.serviceArn);
  if (resources.length === 0) return;
  gateway.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['ecs:DescribeServices', 'ecs:UpdateService'], resources }),
  );
}
