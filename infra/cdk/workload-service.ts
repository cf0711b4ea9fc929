import { Duration, Size } from 'aws-cdk-lib';
import { AcceleratorManufacturer, AcceleratorType, type IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  AvailabilityZoneRebalancing,
  type CapacityProviderStrategy,
  type Cluster,
  FargateService,
  type ICluster,
  ManagedInstancesCapacityProvider,
  PropagatedTagSource,
  PropagateManagedInstancesTags,
} from 'aws-cdk-lib/aws-ecs';
import type { FileSystem } from 'aws-cdk-lib/aws-efs';
import type { ApplicationLoadBalancer, ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Workload } from '../workload.ts';
import { target } from './balancer.ts';
import { logGroup } from './log-group.ts';
import type { Place } from './place.ts';
import type { Secrets } from './secrets.ts';
import { keepsState } from './state.ts';
import { taskOf } from './task.ts';

export interface ServiceProps {
  readonly workload: Workload;
  readonly environment: Readonly<Record<string, string>>;
  readonly vpc: IVpc;
  readonly cluster: Cluster;
  readonly alb: ApplicationLoadBalancer;
  readonly secrets: Secrets;
  readonly state: FileSystem | undefined;
}

/** A workload of the plan that runs in containers. */
export interface WorkloadService {
  readonly workload: Workload;
  readonly service: FargateService;
  /** What the balancer sends it: requests, not looks at its health. */
  readonly requests: ApplicationTargetGroup;
  readonly logs: LogGroup;
}

/** Runs a workload behind the balancer: on Fargate, or on instances with cards that ECS brings and takes away. */
export function workloadService(parent: Place, props: ServiceProps): WorkloadService {
  const { workload, vpc, cluster, alb, state } = props;
  const place = { ...parent, scope: new Construct(parent.scope, workload.name) };
  const { scope } = place;
  const logs = logGroup(place, 'LogGroup');
  const { min, max } = workload.replicas;
  const isAlone = keepsState(workload);
  const group = new SecurityGroup(scope, 'Group', {
    vpc,
    description: `${workload.name} of ${parent.plan.site.name}`,
  });
  if (isAlone) state!.connections.allowDefaultPortFrom(group, `what ${workload.name} stores`);
  const strategies = workload.instance === undefined ? undefined : cards(scope, { ...props, group });
  const taskDefinition = taskOf(place, { ...props, logs, state: isAlone ? state : undefined });
  const service = new FargateService(scope, 'Service', {
    cluster: cluster as ICluster, // their types know no exactOptionalPropertyTypes
    taskDefinition,
    securityGroups: [group],
    // Where replicas change on their own, a deployment leaves them alone; what may be nobody begins so, and costs nothing.
    ...(min === max || min === 0 ? { desiredCount: min } : {}),
    ...(isAlone || strategies // what is stored has one writer, and there is no second card to begin on
      ? {
          minHealthyPercent: 0,
          maxHealthyPercent: 100,
          availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
        }
      : { minHealthyPercent: 100, maxHealthyPercent: 200 }),
    circuitBreaker: { rollback: true },
    healthCheckGracePeriod: Duration.minutes(workload.gpus > 0 ? 20 : 10),
    propagateTags: PropagatedTagSource.SERVICE,
    enableECSManagedTags: true,
    ...(strategies ? { capacityProviderStrategies: strategies } : {}),
  });
  // Tasks that begin before they may read secrets, or before they reach the hub and their files, fail; and with them the stack.
  service.node.addDependency(
    taskDefinition.executionRole!,
    ...vpc.privateSubnets.map((subnet) => subnet.internetConnectivityEstablished),
    ...(isAlone ? [state!.mountTargetsAvailable] : []),
  );
  return { workload, service, requests: target(place, workload, { vpc, alb, service }), logs };
}

const IMAGE_GIB = 40; // SGLang's image, unpacked

/** Instances of the one type that the plan has chosen; without a task on it an instance goes. */
function cards(
  scope: Construct,
  { workload, vpc, cluster, group }: ServiceProps & { readonly group: SecurityGroup },
): CapacityProviderStrategy[] {
  const { instance, cpus, gpus, model } = workload;
  const provider = new ManagedInstancesCapacityProvider(scope, 'Cards', {
    subnets: vpc.privateSubnets,
    securityGroups: [group],
    taskVolumeStorage: Size.gibibytes(IMAGE_GIB + Math.ceil((model!.facts.weightBytes * 2) / 2 ** 30)),
    propagateTags: PropagateManagedInstancesTags.CAPACITY_PROVIDER,
    instanceRequirements: {
      allowedInstanceTypes: [instance!.type],
      vCpuCountMin: Math.min(cpus, instance!.vcpus),
      memoryMin: Size.gibibytes(Math.floor(workload.memory / 2 ** 30)),
      acceleratorTypes: [AcceleratorType.GPU],
      acceleratorManufacturers: [AcceleratorManufacturer.NVIDIA],
      acceleratorCountMin: gpus,
    },
  });
  cluster.addManagedInstancesCapacityProvider(provider);
  return [{ capacityProvider: provider.capacityProviderName, weight: 1 }];
}
