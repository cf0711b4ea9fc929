import { Duration } from 'aws-cdk-lib';
import { type IConnectable, type IVpc, Port } from 'aws-cdk-lib/aws-ec2';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCondition,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Workload } from '../workload.ts';
import type { Place } from './place.ts';

const IDLE_SECONDS = 4000; // the most there is: a stream is as long as its reply

/** The one address of all models, inside; each workload has its own port there, as everywhere else. */
export function balancer({ scope, stage }: Place, vpc: IVpc, logs: IBucket): ApplicationLoadBalancer {
  const made = new ApplicationLoadBalancer(scope, 'Balancer', {
    vpc,
    internetFacing: false,
    idleTimeout: Duration.seconds(IDLE_SECONDS),
    dropInvalidHeaderFields: true,
    deletionProtection: stage.isKept,
  });
  made.logAccessLogs(logs, 'balancer');
  return made;
}

/** Where requests for a workload go. Whoever asks has to be let in by `allow`. */
export function target(
  { scope }: Place,
  { name, port, health }: Workload,
  {
    vpc,
    alb,
    service,
  }: { readonly vpc: IVpc; readonly alb: ApplicationLoadBalancer; readonly service: FargateService },
): ApplicationTargetGroup {
  const group = (id: string) =>
    new ApplicationTargetGroup(scope, id, {
      vpc,
      port,
      protocol: ApplicationProtocol.HTTP,
      targets: [service.loadBalancerTarget({ containerName: name, containerPort: port })],
      healthCheck: { path: health, interval: Duration.seconds(10), healthyThresholdCount: 2 },
      deregistrationDelay: Duration.seconds(60),
    });
  const requests = group('Requests');
  const listener = alb.addListener(`Port${port}`, {
    port,
    protocol: ApplicationProtocol.HTTP,
    open: false,
    defaultAction: ListenerAction.forward([requests]),
  });
  // Whether a model is idle is read from its requests; the gateway's looks at its health are none.
  listener.addAction('Health', {
    priority: 1,
    conditions: [ListenerCondition.pathPatterns([health])],
    action: ListenerAction.forward([group('Probes')]),
  });
  service.connections.allowFrom(alb, Port.tcp(port), `${name}: from the balancer`);
  return requests;
}

export function allow(
  alb: ApplicationLoadBalancer,
  from: IConnectable,
  workloads: readonly Workload[],
): void {
  for (const { name, port } of workloads) alb.connections.allowFrom(from, Port.tcp(port), `to ${name}`);
}
