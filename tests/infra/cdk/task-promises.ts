/** What every stack promises of its tasks: on what they run, and when they begin. */
import { expect, test } from 'vitest';
import { idOf, type Synthesized } from './synth-site.ts';

export function taskPromises({ plan, all }: Synthesized): void {
  test('cards are asked for by the services that need them, and by nobody else', () => {
    for (const [id, { Properties }] of all('AWS::ECS::TaskDefinition')) {
      const workload = plan.workloads.find(({ name }) => Properties.ContainerDefinitions[0].Name === name)!;
      const cards = Properties.ContainerDefinitions.flatMap(
        (one: { ResourceRequirements?: unknown[] }) => one.ResourceRequirements ?? [],
      );
      expect(cards, id).toEqual(workload.gpus > 0 ? [{ Type: 'GPU', Value: String(workload.gpus) }] : []);
      expect(Properties.RequiresCompatibilities, id).toEqual([
        workload.gpus > 0 ? 'MANAGED_INSTANCES' : 'FARGATE',
      ]);
    }
    const types = all('AWS::ECS::CapacityProvider').map(
      ([, { Properties }]) =>
        Properties.ManagedInstancesProvider.InstanceLaunchTemplate.InstanceRequirements.AllowedInstanceTypes,
    );
    expect(types).toEqual(plan.workloads.flatMap(({ instance }) => (instance ? [[instance.type]] : [])));
  });

  test('a task fits the machine that it is planned for', () => {
    for (const [id, { Properties }] of all('AWS::ECS::TaskDefinition')) {
      const workload = plan.workloads.find(({ name }) => Properties.ContainerDefinitions[0].Name === name)!;
      expect(Number(Properties.Memory) * 2 ** 20, id).toBeGreaterThanOrEqual(workload.memory);
      if (workload.instance)
        expect(Number(Properties.Memory) * 2 ** 20, id).toBeLessThan(workload.instance.memory * 0.95);
    }
  });

  test('tasks begin when they may read their secrets, and reach the hub and their files', () => {
    const routes = all('AWS::EC2::Route')
      .filter(([, { Properties }]) => Properties.NatGatewayId)
      .map(([id]) => id);
    expect(routes).toHaveLength(2);
    for (const [id, { Properties, DependsOn }] of all('AWS::ECS::Service')) {
      const [, task] = all('AWS::ECS::TaskDefinition').find(
        ([name]) => name === Properties.TaskDefinition.Ref,
      )!;
      const [role] = task.Properties.ExecutionRoleArn['Fn::GetAtt'];
      const policies = all('AWS::IAM::Policy').filter(([, one]) => one.Properties.Roles[0].Ref === role);
      const mounts = task.Properties.Volumes.some(
        (one: { EFSVolumeConfiguration?: unknown }) => one.EFSVolumeConfiguration,
      )
        ? all('AWS::EFS::MountTarget')
        : [];
      const needed = [...routes, ...[...policies, ...mounts].map(([name]) => name)];
      expect(policies, id).toHaveLength(1);
      expect(DependsOn, id).toEqual(expect.arrayContaining(needed));
    }
    const isStored = all('AWS::EFS::FileSystem').length > 0;
    expect(all('AWS::EFS::MountTarget').length).toBe(isStored ? 2 : 0);
  });

  test('a service that may be nobody begins so, and the others do not', () => {
    for (const { name, replicas } of plan.workloads) {
      const found = all('AWS::ECS::Service').find(([id]) => id.startsWith(`${idOf(name)}Service`));
      if (found) expect(found[1].Properties.DesiredCount === 0, name).toBe(replicas.min === 0);
    }
  });
}
