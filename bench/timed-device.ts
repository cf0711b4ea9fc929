import type { Device, KvCache, Weight } from '../kernels/kernels.ts';

/** What an op moves and computes, told from its arguments alone. */
export interface Work {
  readonly op: string;
  readonly bytes: number; // read and written, each once; of a matmul and of attention the large operand only
  readonly macs: number; // multiply-accumulates
}

type Args<K extends keyof Device> = Device[K] extends (...args: infer A) => unknown ? A : never;

/** Each op of a forward pass. */
const WORK: { readonly [K in keyof Device]?: (...args: Args<K>) => Work } = {
  write: (buf, data) => moved('write', 8, Math.min(buf.length, data.length)),
  embed: (_out, { cols }, ids) => moved('embed', 5, ids.length * cols),
  matmul: (_outs, weights, _x, m) => matmul(weights, m),
  rmsNorm: (_out, _x, _weight, m, dim) => moved('rmsNorm', 8, m * dim),
  rope: (_x, _table, m, heads, headDim) => moved('rope', 8, m * heads * headDim),
  kvWrite: ({ kvHeads, headDim }, _layer, _k, _v, _pos, m) => moved('kvWrite', 12, m * kvHeads * headDim),
  attention: (_out, _q, kv, _layer, pos, m, _firstRow, heads) => attention(kv, pos, m, heads),
  siluMul: (_gate, _up, n) => moved('siluMul', 12, n),
  add: (_x, _y, n) => moved('add', 12, n),
  copyRow: (_to, _toRow, _from, _fromRow, dim) => moved('copyRow', 8, dim),
  topK: (_x, _row, n) => moved('topK', 4, n),
};

const moved = (op: string, bytesEach: number, count: number): Work => ({
  op,
  bytes: bytesEach * count,
  macs: 0,
});

function matmul(weights: readonly Weight[], m: number): Work {
  const types = new Set(weights.map(({ type }) => type));
  return {
    op: `matmul ${[...types].join(', ')}`,
    bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
    macs: weights.reduce((sum, { rows, cols }) => sum + m * rows * cols, 0),
  };
}

/** Rows pos … pos+m-1 see pos+1 … pos+m positions, once for scores and once for values. */
function attention(
  { bytes, layers, capacity, headDim }: KvCache,
  pos: number,
  m: number,
  heads: number,
): Work {
  return {
    op: 'attention',
    bytes: ((pos + m) * bytes) / (layers * capacity),
    macs: 2 * heads * headDim * (m * pos + (m * (m + 1)) / 2),
  };
}

/** A device that tells how long each op took. For backends whose ops have run when they return. */
export function timedDevice(device: Device, record: (work: Work, ms: number) => void): Device {
  const timed = new Map<string | symbol, unknown>();
  for (const [name, describe] of Object.entries(WORK)) {
    const op = device[name as keyof Device] as (...args: unknown[]) => unknown;
    const tell = describe as (...args: unknown[]) => Work;
    timed.set(name, (...args: unknown[]) => {
      const start = performance.now();
      const result = op.apply(device, args);
      record(tell(...args), performance.now() - start);
      return result;
    });
  }
  return new Proxy(device, { get: (target, name) => timed.get(name) ?? Reflect.get(target, name) });
}
