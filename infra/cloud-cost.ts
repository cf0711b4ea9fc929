import { memoryLimit } from './container-env.ts';
import { fargateSize } from './fargate-size.ts';
import type { Cost, CostItem } from './limits.ts';
import { CLOUD_PRICES, HOURS_A_MONTH } from './prices.ts';
import type { Site } from './site.ts';
import type { Workload } from './workload.ts';

/** Of stage prod: each has a public address. */
export const NATS = 2;
/** Of infra/cdk/distribution.ts. */
export const FIREWALL_RULES = 2;

/** What the stack of infra/cdk takes in a month: from when all that can sleep does, to when all replicas run. */
export function cloudCost(site: Site, workloads: readonly Workload[], secrets: readonly string[]): Cost {
  const prices = CLOUD_PRICES;
  const isContainer = site.cloud.frontDoor === 'container';
  const served = workloads.filter(({ kind }) => kind !== 'gateway' || isContainer); // a function is paid by request
  const firewall = prices.firewallMonth + prices.firewallRuleMonth * FIREWALL_RULES;
  const known = secrets.length + (isContainer ? 0 : 1); // a function's is CloudFront's, too
  const items: CostItem[] = [
    ...served.map(ofWorkload),
    fixed(`${NATS} NAT gateways`, (prices.natHour + prices.addressHour) * HOURS_A_MONTH * NATS),
    fixed('load balancer', prices.balancerHour * HOURS_A_MONTH),
    ...(site.cloud.webAcl === undefined ? [fixed('firewall', firewall)] : []),
    fixed(
      'dashboard, alarms and secrets',
      prices.dashboardMonth +
        prices.metricMonth + // how often the gateway fails
        prices.alarmMonth * alarmMetrics(served) +
        prices.secretMonth * known,
    ),
  ];
  const sum = (end: 'min' | 'max') => items.reduce((total, { monthly }) => total + monthly[end], 0);
  return {
    monthly: { min: sum('min'), max: sum('max') },
    items,
    unknown: [
      ...(isContainer ? [] : ["the gateway's requests"]),
      ...(workloads.some(({ instance }) => instance) ? ["ECS Managed Instances' fee"] : []),
      ...(site.cloud.fineTuning ? ['fine-tuning'] : []),
      'CloudFront, traffic, storage, logs, Container Insights',
    ],
  };
}

/** How many metrics the alarms of infra/cdk look at, those that scaling makes itself included. */
export function alarmMetrics(services: readonly Workload[]): number {
  const each = services.map(({ replicas: { min, max }, instance }) => {
    const watched = min > 0 || instance !== undefined ? 2 : 1;
    const idle = min === 0 ? 2 : 0; // whether it is well, and whether it is asked
    const load = max > Math.max(min, 1) ? 2 : 0; // for more of it, and for less
    return watched + idle + load;
  });
  return each.reduce((total, one) => total + one, 2); // the gateway fails, models break off
}

function ofWorkload(one: Workload): CostItem {
  const { name, instance, replicas } = one;
  const hourly = instance?.hourly ?? fargateHour(one);
  const each = hourly * HOURS_A_MONTH;
  return { what: name, monthly: { min: each * replicas.min, max: each * replicas.max } };
}

function fargateHour(one: Workload): number {
  const { cpu, memory } = fargateSize(one.cpus, memoryLimit(one));
  const { fargateCpuHour, fargateGibHour } = CLOUD_PRICES;
  return (cpu / 1024) * fargateCpuHour + (memory / 1024) * fargateGibHour;
}

const fixed = (what: string, amount: number): CostItem => ({ what, monthly: { min: amount, max: amount } });
