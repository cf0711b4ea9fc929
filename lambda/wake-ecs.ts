/** Starts services of ECS that are scaled to zero. */
import * as z from 'zod';
import { type AwsOptions, callAws } from './aws-json.ts';

/** CRIA_WAKE: for each backend that sleeps when nobody asks it, the service to start. */
export const WakeTargets = z.record(
  z.string().min(1),
  z.strictObject({ cluster: z.string().min(1), service: z.string().min(1) }),
);
export type WakeTargets = z.infer<typeof WakeTargets>;

const Described = z.object({
  services: z.array(z.object({ status: z.string(), desiredCount: z.int() })).max(1),
});

/**
 * How to start each: one task, where none is wanted. What scales it further, and to zero again, is not the gateway.
 *
 * Source   Amazon ECS API Reference, version 2014-11-13
 */
export function ecsStarters(targets: WakeTargets, aws: AwsOptions): ReadonlyMap<string, () => Promise<void>> {
  const ecs = (action: string, body: object) =>
    callAws({ service: 'ecs', target: `AmazonEC2ContainerServiceV20141113.${action}`, body }, aws);

  async function start(cluster: string, service: string): Promise<void> {
    const reply = await ecs('DescribeServices', { cluster, services: [service] });
    const [found] = Described.parse(reply).services;
    if (found?.status !== 'ACTIVE') throw new Error(`there is no service ${service} in ${cluster}`);
    if (found.desiredCount === 0) await ecs('UpdateService', { cluster, service, desiredCount: 1 });
  }
  return new Map(
    Object.entries(targets).map(([backend, { cluster, service }]) => [
      backend,
      () => start(cluster, service),
    ]),
  );
}
