import { Duration, Size } from 'aws-cdk-lib';
import {
  AllocationStrategy,
  Secret as BatchSecret,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  EcsMachineImageType,
  JobQueue,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  type IVpc,
  LaunchTemplate,
} from 'aws-cdk-lib/aws-ec2';
import { ContainerImage, LogDrivers } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { PlanError } from '../errors.ts';
import { INSTANCES } from '../prices.ts';
import { type Buckets, grantWeights } from './buckets.ts';
import { logGroup } from './log-group.ts';
import type { Place } from './place.ts';
import type { Secrets } from './secrets.ts';

export interface FineTuningProps {
  readonly vpc: IVpc;
  readonly buckets: Buckets;
  readonly secrets: Secrets;
}

export interface FineTuning {
  readonly queue: JobQueue;
  readonly job: EcsJobDefinition;
}

const HOURS = 24;
const DISK_GIB = 500; // the system has 30 by itself; an image, 165 of 90B's weights, and what becomes of them

/** A queue for jobs on cards, which costs nothing while it is empty, and one job: it reads weights, and writes to `tuned/`. */
export function fineTuning(
  parent: Place,
  { vpc, buckets, secrets }: FineTuningProps,
): FineTuning | undefined {
  const wanted = parent.plan.site.cloud.fineTuning;
  if (wanted === undefined) return undefined;
  const machine = INSTANCES.find(({ type }) => type === wanted.instance);
  if (machine === undefined || machine.gpus < wanted.gpus)
    throw new PlanError([
      `cloud.fineTuning.instance: ${wanted.instance} with ${wanted.gpus} cards is not in the price table; there is ${INSTANCES.map(({ type, gpus }) => `${type} (${gpus})`).join(', ')}`,
    ]);
  const place = { ...parent, scope: new Construct(parent.scope, 'FineTuning') };
  const { scope } = place;
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
  grantWeights(buckets.models, role);
  role.addToPolicy(
    new PolicyStatement({ actions: ['s3:PutObject'], resources: [buckets.models.arnForObjects('tuned/*')] }),
  );
  const launchTemplate = new LaunchTemplate(scope, 'Disk', {
    requireImdsv2: true,
    blockDevices: [
      {
        deviceName: '/dev/xvda', // the root of Amazon Linux
        volume: BlockDeviceVolume.ebs(DISK_GIB, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
      },
    ],
  });
  const machines = new ManagedEc2EcsComputeEnvironment(scope, 'Machines', {
    vpc,
    launchTemplate,
    spot: true,
    allocationStrategy: AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED,
    minvCpus: 0,
    maxvCpus: machine.vcpus,
    useOptimalInstanceClasses: false,
    instanceTypes: [new InstanceType(wanted.instance)],
    images: [{ imageType: EcsMachineImageType.ECS_AL2023_NVIDIA }],
  });
  const queue = new JobQueue(scope, 'Queue', {
    computeEnvironments: [{ computeEnvironment: machines, order: 1 }],
  });
  const token = secrets.HF_TOKEN;
  const job = new EcsJobDefinition(scope, 'Job', {
    timeout: Duration.hours(HOURS),
    retryAttempts: 3, // a spot machine can be taken away
    propagateTags: true,
    container: new EcsEc2ContainerDefinition(scope, 'Container', {
      image: ContainerImage.fromRegistry(wanted.image),
      cpu: machine.vcpus - 1,
      memory: Size.gibibytes(Math.floor((machine.memory / 2 ** 30) * 0.9)),
      gpu: wanted.gpus,
      jobRole: role,
      environment: {
        CRIA_MODELS: buckets.models.s3UrlForObject(),
        CRIA_TUNED: buckets.models.s3UrlForObject('tuned'),
      },
      ...(token ? { secrets: { HF_TOKEN: BatchSecret.fromSecretsManager(token) } } : {}),
      logging: LogDrivers.awsLogs({ logGroup: logGroup(place, 'LogGroup'), streamPrefix: 'job' }),
    }),
  });
  return { queue, job };
}
