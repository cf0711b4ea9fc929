/** Where a token's time goes: every op of the forward pass timed, beside what the machine can do. */
import { createNodeDevice } from '../lambda/device.ts';
import { openFileSource } from '../models/cli/file-source.ts';
import { openCriaEngine } from './peers/cria-engine.ts';
import { timedDevice, type Work } from './timed-device.ts';

export interface OpTotal {
  readonly op: string;
  calls: number;
  ms: number;
  bytes: number;
  macs: number;
}

export interface Profile {
  readonly tokens: number;
  readonly ms: number; // all of it, ops and what lies between them
  readonly ops: readonly OpTotal[]; // the longest first
}

export interface Profiler {
  /** Tokens made one by one, from position `at` on. */
  decode(at: number, tokens: number): Promise<Profile>;
  /** A prompt read into an empty cache. */
  prefill(tokens: number): Promise<Profile>;
}

const CONTEXT = 1024;

/** Loads a model on one thread, on a device that times its ops. */
export async function openProfiler(path: string): Promise<Profiler> {
  const totals = new Map<string, OpTotal>();
  const record = ({ op, bytes, macs }: Work, ms: number) => {
    const total = totals.get(op) ?? { op, calls: 0, ms: 0, bytes: 0, macs: 0 };
    total.calls++;
    total.ms += ms;
    total.bytes += bytes;
    total.macs += macs;
    totals.set(op, total);
  };
  await using source = await openFileSource(path);
  const engine = await openCriaEngine(timedDevice(createNodeDevice(1), record), source, CONTEXT);

  const profile = (tokens: number, ms: number): Profile => ({
    tokens,
    ms,
    ops: [...totals.values()].sort((a, b) => b.ms - a.ms),
  });
  return {
    async decode(at, tokens) {
      const live = await engine.begin({ at, streams: 1 });
      totals.clear();
      return profile(tokens, await engine.extend(live, tokens));
    },

    async prefill(tokens) {
      totals.clear();
      return profile(tokens, (1000 * tokens) / (await engine.prefill({ tokens })));
    },
  };
}

/** The share of the time, 0 … 1, in which no matrix is multiplied. */
export function notMatmulShare({ ms, ops }: Profile): number {
  const matmul = ops.filter(({ op }) => op.startsWith('matmul')).reduce((sum, op) => sum + op.ms, 0);
  return 1 - matmul / ms;
}
