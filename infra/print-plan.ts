import { table } from '../models/cli/command.ts';
import { memoryText } from './bytes.ts';
import { dollars } from './limits.ts';
import type { Plan } from './plan.ts';
import { HOURS_A_MONTH, PRICES_OF, PRICES_SOURCE } from './prices.ts';
import type { Workload } from './workload.ts';

/** A plan for a terminal. */
export function planText(plan: Plan): string {
  const { site, workloads, remotes, secrets, notes } = plan;
  const sections = [
    `site ${site.name}, ${site.setup}\n`,
    table([
      [
        'WORKLOAD',
        'RUNS',
        'MODEL',
        'PORT',
        'REPLICAS',
        'CONTEXT',
        'AT ONCE',
        'MEMORY',
        'OF IT WEIGHTS',
        'CACHE',
      ],
      ...workloads.map(rowOf),
    ]),
    ...gpuTable(workloads),
    table([
      ['REQUESTS FOR', 'ARE ANSWERED BY', 'OVERFLOW'],
      ...plan.routes.map(({ model, to, overflow }) => [model, shares(to), overflow.join(', ')]),
    ]),
    ...(remotes.length > 0
      ? [table([['REMOTE', 'MODEL', 'URL'], ...remotes.map(({ name, model, url }) => [name, model, url])])]
      : []),
    [
      `secrets   ${secrets.join(', ') || 'none'}`,
      `stored by ${plan.keeper ?? 'nobody'}`,
      `judged by ${plan.judge ?? 'nobody'}`,
      ...tracesLine(plan),
      ...(site.setup === 'cloud' ? costLines(plan) : []),
      ...notes.map((note) => `note      ${note}`),
    ]
      .join('\n')
      .concat('\n'),
  ];
  return sections.join('\n');
}

function rowOf({ name, kind, model, port, replicas, memory }: Workload): (string | number)[] {
  const runs = { gateway: 'gateway', edge: 'workerd', node: 'Node', gpu: 'SGLang' }[kind];
  const { min, max } = replicas;
  const count = min === max ? String(min) : `${min} to ${max}`;
  if (model === undefined || kind === 'gpu')
    return [
      name,
      runs,
      model?.facts.name ?? '',
      port,
      count,
      model ? String(model.context) : '',
      model ? String(model.concurrency) : '',
      memoryText(memory),
      '',
      '',
    ];
  const { weights, kv, prefixCache } = model.need;
  return [
    name,
    runs,
    model.facts.name,
    port,
    count,
    String(model.context),
    String(model.concurrency),
    memoryText(memory),
    memoryText(weights),
    memoryText(kv + prefixCache),
  ];
}

function gpuTable(workloads: readonly Workload[]): string[] {
  const onCards = workloads.filter(({ gpuMemory }) => gpuMemory !== undefined);
  if (onCards.length === 0) return [];
  const isRented = onCards.some(({ instance }) => instance !== undefined);
  const rows = onCards.map(({ name, gpus, gpuMemory, instance }) => [
    ...[name, gpus, ...[gpuMemory!.total, gpuMemory!.weights, gpuMemory!.kv].map(memoryText)],
    ...(instance ? [`${instance.type} (${instance.gpus} ${instance.card})`, dollars(instance.hourly)] : []),
  ]);
  const heads = ['ON CARDS', 'CARDS', 'EACH NEEDS', 'OF IT WEIGHTS', 'CACHE'];
  return [table([[...heads, ...(isRented ? ['INSTANCE', 'AN HOUR'] : [])], ...rows])];
}

function tracesLine({ site, workloads }: Plan): string[] {
  const { tracing } = site.observability;
  if (tracing === undefined) return [];
  const senders = workloads.filter(({ env }) => env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined);
  const from = senders.map(({ name }) => name).join(', ') || 'nobody';
  return [`traced to ${tracing.endpoint}, ${tracing.sample * 100} % of what ${from} answer`];
}

function costLines({ cost: { monthly, items, unknown } }: Plan): string[] {
  return [
    `cost      ${amount(monthly)} a month of ${HOURS_A_MONTH} hours, in stage prod`,
    ...items.map((item) => `          ${item.what}: ${amount(item.monthly)}`),
    `          by use, not counted: ${unknown.join(', ')}`,
    `          prices: ${PRICES_SOURCE}, of ${PRICES_OF}`,
  ];
}

const amount = ({ min, max }: { readonly min: number; readonly max: number }): string =>
  min === max ? dollars(min) : `${dollars(min)} to ${dollars(max)}`;

/** `stable 90 %, next 10 %`. */
function shares(to: readonly { readonly backend: string; readonly weight: number }[]): string {
  const sum = to.reduce((total, { weight }) => total + weight, 0);
  if (to.length === 1) return to[0]!.backend;
  return to.map(({ backend, weight }) => `${backend} ${Math.round((weight / sum) * 100)} %`).join(', ');
}
