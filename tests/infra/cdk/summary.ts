import { stringify } from 'yaml';
import { idOf, type Synthesized } from './synth-site.ts';

/** A stack at a glance: how much of what there is, and the few properties that say how it behaves. */
export function summaryOf({ template, all }: Synthesized): string {
  const { Resources, Outputs } = template.toJSON();
  const counts: Record<string, number> = {};
  for (const { Type } of Object.values<{ Type: string }>(Resources)) counts[Type] = (counts[Type] ?? 0) + 1;
  const summary = {
    resources: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))),
    services: Object.fromEntries(
      all('AWS::ECS::TaskDefinition').map(([, { Properties }]) => {
        const { ContainerDefinitions, Cpu, Memory, RequiresCompatibilities, EphemeralStorage } = Properties;
        const [{ Name }] = ContainerDefinitions;
        const [, service] = all('AWS::ECS::Service').find(([id]) => id.startsWith(`${idOf(Name)}Service`))!;
        const { DesiredCount, DeploymentConfiguration } = service.Properties;
        return [
          Name,
          {
            on: RequiresCompatibilities[0],
            cpu: Cpu,
            memory: Memory,
            storage: EphemeralStorage?.SizeInGiB,
            containers: ContainerDefinitions.map((one: { Name: string }) => one.Name),
            replicas: DesiredCount ?? 'as many as there are',
            deployment: `${DeploymentConfiguration.MinimumHealthyPercent} to ${DeploymentConfiguration.MaximumPercent} %`,
          },
        ];
      }),
    ),
    instances: all('AWS::ECS::CapacityProvider').map(
      ([, { Properties }]) =>
        Properties.ManagedInstancesProvider.InstanceLaunchTemplate.InstanceRequirements
          .AllowedInstanceTypes[0],
    ),
    scaling: all('AWS::ApplicationAutoScaling::ScalableTarget').map(([id, { Properties }]) => ({
      of: id.split('Service')[0],
      from: Properties.MinCapacity,
      to: Properties.MaxCapacity,
      schedule: Properties.ScheduledActions?.map(
        (one: { Schedule: string; Timezone: string }) => `${one.Schedule} ${one.Timezone}`,
      ),
    })),
    alarms: all('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties.AlarmDescription),
    outputs: Object.keys(Outputs),
  };
  return stringify(summary, { lineWidth: 0 });
}
