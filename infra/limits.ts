import { memoryText } from './bytes.ts';
import type { Site } from './site.ts';
import type { Workload } from './workload.ts';

export interface CostItem {
  readonly what: string; // a workload, or what all of them need
  readonly monthly: { readonly min: number; readonly max: number }; // US dollars
}

export interface Cost {
  readonly monthly: { readonly min: number; readonly max: number }; // US dollars, of what has a price
  readonly items: readonly CostItem[];
  readonly unknown: readonly string[]; // what is paid by use
}

export const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

/** Ports, on one machine; a name twice is found before. */
export function clashes(workloads: readonly Workload[]): string[] {
  const taken = new Map<number, string>();
  return workloads.flatMap(({ name, port }) => {
    const other = taken.get(port);
    taken.set(port, name);
    return other === undefined ? [] : [`port ${port} is ${other}'s and ${name}'s: give one of them another`];
  });
}

/** What the machines do not have. */
export function beyondCapacity({ setup, capacity }: Site, workloads: readonly Workload[]): string[] {
  const problems: string[] = [];
  const { memory, gpus } = capacity;
  const list = (of: (one: Workload) => string) => workloads.map((one) => `${one.name} ${of(one)}`).join(', ');
  if (memory !== undefined && setup === 'single-node') {
    const needed = workloads.reduce((sum, one) => sum + one.memory * one.replicas.max, 0);
    if (needed > memory)
      problems.push(
        `capacity.memory: ${memoryText(needed)} is needed and there is ${memoryText(memory)} (${list((one) => memoryText(one.memory * one.replicas.max))})`,
      );
  }
  if (memory !== undefined && setup !== 'single-node')
    for (const one of workloads)
      if (one.memory > memory)
        problems.push(
          `capacity.memory: ${one.name} needs ${memoryText(one.memory)} and a machine has ${memoryText(memory)}`,
        );
  if (gpus !== undefined && setup !== 'cloud') {
    const needed = workloads.reduce(
      (sum, one) => sum + one.gpus * (setup === 'single-node' ? one.replicas.max : 1),
      0,
    );
    const most = setup === 'single-node' ? needed : Math.max(...workloads.map((one) => one.gpus));
    if (most > gpus)
      problems.push(`capacity.gpus: ${most} are needed and there ${gpus === 1 ? 'is 1' : `are ${gpus}`}`);
  }
  return problems;
}
