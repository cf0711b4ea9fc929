import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { FileSystem, ThroughputMode } from 'aws-cdk-lib/aws-efs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { UID } from '../container-env.ts';
import type { Workload } from '../workload.ts';
import type { Place } from './place.ts';
import { removalIn } from './removal.ts';

/** Files, responses, conversations and batches of models that run once, as in a cluster; several could not share them. */
export const keepsState = ({ volumes, replicas }: Workload): boolean =>
  replicas.max === 1 && volumes.some(({ kind }) => kind === 'state');

/** Where they lie. Nobody but a task of this stack, over TLS, can mount it. */
export function stateFileSystem({ scope, stage }: Place, vpc: IVpc): FileSystem {
  return new FileSystem(scope, 'State', {
    vpc,
    encrypted: true,
    throughputMode: ThroughputMode.ELASTIC,
    enableAutomaticBackups: stage.isKept,
    removalPolicy: removalIn(stage),
  });
}

/** A folder of it for one workload, which can mount no other. */
export function addKeptVolume(state: FileSystem, task: TaskDefinition, name: string): void {
  const id = String(UID);
  const folder = state.addAccessPoint(name, {
    path: `/${name}`,
    createAcl: { ownerUid: id, ownerGid: id, permissions: '750' },
    posixUser: { uid: id, gid: id },
  });
  task.addVolume({
    name,
    efsVolumeConfiguration: {
      fileSystemId: state.fileSystemId,
      transitEncryption: 'ENABLED',
      authorizationConfig: { accessPointId: folder.accessPointId, iam: 'ENABLED' },
    },
  });
  task.taskRole.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
      resources: [state.fileSystemArn],
      conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': folder.accessPointArn } },
    }),
  );
}
