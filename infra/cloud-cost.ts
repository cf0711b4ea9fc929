import { memoryLimit } from './container-env.ts';
import { fargateSize } from './fargate-size.ts';
import type { Cost, CostItem } from './limits.ts';
import { CLOUD_PRICES, HOURS_A_MONTH } from './prices.ts';
import type { Site } from './site.ts';
import type { Workload } from './workload.ts';

const NATS = 2; // of stage prod
const ALARMS_EACH = 2; // of a workload

/** What the stack of infra/cdk takes in a month: from when all that can sleep does, to when all replicas run. */
export function cloudCost(site: Site, workloads: readonly Workload[]): Cost {
  const secrets = new Set(workloads.flatMap((one) => one.secrets.map(({ secret }) => secret)));
  const { natHour, balancerHour, firewallMonth, dashboardMonth, alarmMonth, secretMonth } = CLOUD_PRICES;
  const items: CostItem[] = [
    ...workloads.flatMap((one) => ofWorkload(site, one)),
    fixed(`${NATS} NAT gateways`, natHour * HOURS_A_MONTH * NATS),
    fixed('load balancer', balancerHour * HOURS_A_MONTH),
    ...(site.cloud.webAcl === undefined ? [fixed('firewall', firewallMonth)] : []),
    fixed(
      'dashboard, alarms and secrets',
      dashboardMonth + alarmMonth * (2 + ALARMS_EACH * workloads.length) + secretMonth * secrets.size,
    ),
  ];
  const sum = (end: 'min' | 'max') => items.reduce((total, { monthly }) => total + monthly[end], 0);
  return {
    monthly: { min: sum('min'), max: sum('max') },
    items,
    unknown: [
      ...(site.cloud.frontDoor === 'container' ? [] : ["the gateway's requests"]),
      ...(workloads.some(({ instance }) => instance) ? ["ECS Managed Instances' fee"] : []),
      ...(site.cloud.fineTuning ? ['fine-tuning'] : []),
      'CloudFront, traffic, storage, logs',
    ],
  };
}

/** A function costs nothing but its requests. */
function ofWorkload(site: Site, one: Workload): CostItem[] {
  const { name, kind, instance, replicas } = one;
  if (kind === 'gateway' && site.cloud.frontDoor !== 'container') return [];
  const hourly = instance?.hourly ?? fargateHour(one);
  const each = hourly * HOURS_A_MONTH;
  return [{ what: name, monthly: { min: each * replicas.min, max: each * replicas.max } }];
}

function fargateHour(one: Workload): number {
  const { cpu, memory } = fargateSize(one.cpus, memoryLimit(one));
  const { fargateCpuHour, fargateGibHour } = CLOUD_PRICES;
  return (cpu / 1024) * fargateCpuHour + (memory / 1024) * fargateGibHour;
}

const fixed = (what: string, amount: number): CostItem => ({ what, monthly: { min: amount, max: amount } });
