import { Duration } from 'aws-cdk-lib';
import {
  Compatibility,
  type ContainerDefinition,
  ContainerDependencyCondition,
  CpuArchitecture,
  Secret as EcsSecret,
  LinuxParameters,
  LogDrivers,
  NetworkMode,
  OperatingSystemFamily,
  TaskDefinition,
  type TaskDefinitionProps,
} from 'aws-cdk-lib/aws-ecs';
import type { FileSystem } from 'aws-cdk-lib/aws-efs';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { healthCommand, memoryLimit, SHARED_BYTES, UID } from '../container-env.ts';
import { fargateSize } from '../fargate-size.ts';
import type { Workload } from '../workload.ts';
import { containerImage } from './container-image.ts';
import type { Place } from './place.ts';
import type { Secrets } from './secrets.ts';
import { addKeptVolume } from './state.ts';

export interface TaskProps {
  readonly workload: Workload;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly logs: LogGroup;
  /** For what clients store; without one it goes with the task. */
  readonly state: FileSystem | undefined;
}

const SHM_MIB = SHARED_BYTES / 2 ** 20;
const FARGATE_GIB = 21; // the least that may be asked for; the image is in it
const IMAGE_BYTES = 2 * 2 ** 30;

/** One replica of a workload: its weights are fetched before it starts, and it can write to its volumes only. */
export function taskOf(place: Place, props: TaskProps): TaskDefinition {
  const { workload, state } = props;
  const task = new TaskDefinition(place.scope, 'Task', {
    ...sizeOf(workload),
    networkMode: NetworkMode.AWS_VPC,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  });
  const main = addMain(place, task, props);
  task.addVolume({ name: 'tmp' });
  main.addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false });
  for (const { kind, name, path } of workload.volumes) {
    if (kind === 'state' && state !== undefined) addKeptVolume(state, task, name);
    else task.addVolume({ name });
    const readOnly = kind === 'weights' && workload.kind !== 'gpu';
    main.addMountPoints({ sourceVolume: name, containerPath: path, readOnly });
  }
  let before: ContainerDefinition | undefined;
  for (const model of workload.weights) {
    const fetch = addFetch(place, task, props, model);
    if (before) dependOn(fetch, before);
    before = fetch;
  }
  if (before) dependOn(main, before);
  return task;
}

/** A card's machine is taken whole; Fargate comes in sizes. */
function sizeOf(workload: Workload): Omit<TaskDefinitionProps, 'networkMode'> {
  const { cpus, instance, model } = workload;
  if (instance !== undefined)
    return {
      compatibility: Compatibility.MANAGED_INSTANCES,
      cpu: String(Math.min(cpus, instance.vcpus - 1) * 1024),
      memoryMiB: String(mebibytes(workload.memory) + SHM_MIB),
    };
  const { cpu, memory } = fargateSize(cpus, memoryLimit(workload));
  const gibibytes = Math.ceil(((model?.facts.weightBytes ?? 0) * 2 + IMAGE_BYTES) / 2 ** 30);
  return {
    compatibility: Compatibility.FARGATE,
    cpu: String(cpu),
    memoryMiB: String(memory),
    ...(gibibytes > FARGATE_GIB ? { ephemeralStorageGiB: gibibytes } : {}),
  };
}

function addMain(place: Place, task: TaskDefinition, props: TaskProps): ContainerDefinition {
  const { workload, environment, secrets, logs } = props;
  const { name, kind, image, argv, port, gpus } = workload;
  const isGpu = kind === 'gpu';
  return task.addContainer(name, {
    image: containerImage(place, image),
    containerName: name,
    command: [...argv],
    environment: { ...environment, ...(isGpu ? { HOME: '/tmp' } : {}) },
    secrets: Object.fromEntries(
      workload.secrets.map(({ env, secret }) => [env, EcsSecret.fromSecretsManager(secrets[secret]!)]),
    ),
    portMappings: [{ containerPort: port }],
    logging: LogDrivers.awsLogs({ logGroup: logs, streamPrefix: name }),
    stopTimeout: Duration.seconds(30),
    healthCheck: {
      command: ['CMD', ...healthCommand(workload)],
      timeout: Duration.seconds(5),
      startPeriod: Duration.seconds(300), // the most that ECS takes: a model that loads is not ill
      ...(isGpu
        ? { interval: Duration.seconds(60), retries: 10 } // 22 GB of weights may come from the hub
        : { interval: Duration.seconds(10), retries: 3 }),
    },
    ...(isGpu
      ? {
          gpuCount: gpus,
          memoryReservationMiB: mebibytes(workload.memory),
          linuxParameters: new LinuxParameters(place.scope, 'Linux', {
            initProcessEnabled: true,
            sharedMemorySize: SHM_MIB,
          }),
        }
      : { user: `${UID}:${UID}`, readonlyRootFilesystem: true }),
  });
}

/** Fetches one model, as root, since a task's volumes are root's; it also lets the model's own user write where that has to. */
function addFetch(place: Place, task: TaskDefinition, props: TaskProps, model: string): ContainerDefinition {
  const { workload, secrets, logs, state } = props;
  const { name, argv, env, secrets: keys } = place.plan.fetches.find((one) => one.model === model)!;
  const { path, name: weights } = workload.volumes.find(({ kind }) => kind === 'weights')!;
  const opened = workload.volumes.filter(({ kind }) => kind === 'state' && state === undefined);
  const container = task.addContainer(name, {
    image: containerImage(place, place.plan.gateway.image),
    containerName: name,
    essential: false,
    user: '0:0',
    command: [
      'sh',
      '-c',
      `chmod 1777 ${['/tmp', ...opened.map((one) => one.path)].join(' ')} && exec "$@"`,
      'sh',
      ...argv,
    ],
    environment: { CRIA_HOME: path, ...env },
    secrets: Object.fromEntries(
      [...keys, ...(secrets.HF_TOKEN ? [{ env: 'HF_TOKEN', secret: 'HF_TOKEN' }] : [])].map((one) => [
        one.env,
        EcsSecret.fromSecretsManager(secrets[one.secret]!),
      ]),
    ),
    readonlyRootFilesystem: true,
    logging: LogDrivers.awsLogs({ logGroup: logs, streamPrefix: name }),
  });
  container.addMountPoints(
    { sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false },
    { sourceVolume: weights, containerPath: path, readOnly: false },
    ...opened.map((one) => ({ sourceVolume: one.name, containerPath: one.path, readOnly: false })),
  );
  return container;
}

const dependOn = (container: ContainerDefinition, other: ContainerDefinition) =>
  container.addContainerDependencies({ container: other, condition: ContainerDependencyCondition.SUCCESS });

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
