/**
 * The truth: every op as its formula reads, in f64, in plain TypeScript. Far too slow to serve; it judges the others.
 */
import { DeviceError, ShapeError } from '../errors.ts';
import {
  type Buf,
  type Device,
  type ExpSums,
  type KvCache,
  type KvShape,
  SUM_STRETCH,
  type TopK,
  type Weight,
} from '../kernels.ts';
import { dequantise } from '../quant/dequantise.ts';
import { QUANT, type QuantType, rowBytes } from '../quant/types.ts';
import { attention } from './attention.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';

interface RefBuf extends Buf {
  readonly data: Float32Array;
}
interface RefKvCache extends KvCache {
  readonly keys: Float32Array; // (layers, kvHeads, capacity, headDim), unrounded whatever the type says
  readonly values: Float32Array;
}

export function createRefDevice(): Device {
  return new RefDevice();
}

const data = (buf: Buf | Weight): Float32Array => (buf as RefBuf).data;

class RefDevice implements Device {
  readonly name = 'ref';
  readonly layout = 'ref-f32/1'; // row-major
  bytesInUse = 0;
  private readonly held = new Map<object, number>();

  alloc(length: number): Buf {
    return this.hold({ length, data: new Float32Array(length) }, 4 * length);
  }

  write(buf: Buf, numbers: Float32Array): void {
    if (numbers.length > buf.length)
      throw new ShapeError(`write: ${numbers.length} numbers into ${buf.length}`);
    data(buf).set(numbers);
  }

  async read(buf: Buf, offset: number, length: number): Promise<Float32Array> {
    if (offset + length > buf.length)
      throw new ShapeError(`read: ${offset} + ${length} of ${buf.length} numbers`);
    return data(buf).slice(offset, offset + length);
  }

  free(thing: object): void {
    const bytes = this.held.get(thing);
    if (bytes === undefined) throw new DeviceError('nothing to free there');
    this.held.delete(thing);
    this.bytesInUse -= bytes;
  }

  weight(type: QuantType, rows: number, cols: number): Weight {
    const bytes = this.packedBytes(type, rows, cols);
    return this.hold({ type, rows, cols, bytes, data: new Float32Array(rows * cols) }, bytes);
  }

  writeRows(weight: Weight, firstRow: number, bytes: Uint8Array): void {
    const { type, rows, cols } = weight;
    const count = bytes.length / rowBytes(type, cols);
    const whole = firstRow % 8 === 0 && (count % 8 === 0 || firstRow + count === rows);
    if (!whole || !Number.isInteger(count) || firstRow + count > rows)
      throw new ShapeError(
        `writeRows: ${bytes.length} bytes at row ${firstRow} of ${rows} × ${cols} ${type}`,
      );
    data(weight).set(dequantise(type, bytes, count * cols), firstRow * cols);
  }

  packedBytes(type: QuantType, rows: number, cols: number): number {
    if (cols % QUANT[type].blockSize !== 0)
      throw new ShapeError(
        `weight: ${cols} columns are no multiple of ${QUANT[type].blockSize}, a ${type} block`,
      );
    return 4 * rows * cols;
  }

  writePacked(weight: Weight, offset: number, bytes: Uint8Array): void {
    this.packed(weight, offset, bytes.length).set(bytes);
  }

  async readPacked(weight: Weight, offset: number, length: number): Promise<Uint8Array> {
    return this.packed(weight, offset, length).slice();
  }

  kvCache(shape: KvShape): KvCache {
    const length = shape.layers * shape.kvHeads * shape.capacity * shape.headDim;
    const [keys, values] = [new Float32Array(length), new Float32Array(length)];
    return this.hold({ ...shape, bytes: 8 * length, keys, values }, 8 * length);
  }

  embed(out: Buf, weight: Weight, ids: Uint32Array): void {
    ids.forEach((id, i) => {
      if (id >= weight.rows) throw new ShapeError(`embed: id ${id} of ${weight.rows}`);
      data(out).set(data(weight).subarray(id * weight.cols, (id + 1) * weight.cols), i * weight.cols);
    });
  }

  matmul(outs: readonly Buf[], weights: readonly Weight[], x: Buf, m: number, firstRow = 0): void {
    weights.forEach(({ rows, cols }, which) => {
      const w = data(weights[which]!);
      const a = data(x);
      const out = data(outs[which]!);
      for (let i = 0; i < m; i++)
        for (let r = 0; r < rows; r++) {
          let sum = 0;
          for (let k = 0; k < cols; k++) sum += a[(firstRow + i) * cols + k]! * w[r * cols + k]!;
          out[i * rows + r] = sum;
        }
    });
  }

  rmsNorm(out: Buf, x: Buf, weight: Buf, m: number, dim: number, eps: number): void {
    if (x.length < m * dim)
      throw new ShapeError(`rmsNorm: x has ${x.length} elements, its shape needs ${m * dim}`);
    rmsNorm(data(out), data(x), data(weight), m, dim, eps);
  }

  rope(x: Buf, table: Buf, m: number, heads: number, headDim: number): void {
    rope(data(x), data(table), m, heads, headDim);
  }

  kvWrite(kv: KvCache, layer: number, k: Buf, v: Buf, pos: number, m: number, firstRow: number): void {
    const { keys, values, kvHeads, headDim, capacity } = kv as RefKvCache;
    if (pos + m > capacity) throw new ShapeError(`kvWrite: position ${pos + m} of ${capacity}`);
    for (let i = 0; i < m; i++)
      for (let h = 0; h < kvHeads; h++) {
        const from = ((firstRow + i) * kvHeads + h) * headDim;
        const to = ((layer * kvHeads + h) * capacity + pos + i) * headDim;
        keys.set(data(k).subarray(from, from + headDim), to);
        values.set(data(v).subarray(from, from + headDim), to);
      }
  }

  kvCopy(to: KvCache, from: KvCache, length: number): void {
    if (to.bytes * from.capacity !== from.bytes * to.capacity)
      throw new ShapeError('kvCopy: the caches differ in more than their capacity');
    if (length > Math.min(to.capacity, from.capacity))
      throw new ShapeError(`kvCopy: ${length} positions from ${from.capacity} to ${to.capacity}`);
    const { layers, kvHeads, headDim, ...source } = from as RefKvCache;
    const target = to as RefKvCache;
    for (let head = 0; head < layers * kvHeads; head++) {
      const at = head * source.capacity * headDim;
      const rows = [at, at + length * headDim] as const;
      target.keys.set(source.keys.subarray(...rows), head * target.capacity * headDim);
      target.values.set(source.values.subarray(...rows), head * target.capacity * headDim);
    }
  }

  attention(
    out: Buf,
    q: Buf,
    kv: KvCache,
    layer: number,
    pos: number,
    m: number,
    firstRow: number,
    heads: number,
  ): void {
    const { keys, values, kvHeads, headDim, capacity } = kv as RefKvCache;
    const span = kvHeads * capacity * headDim;
    const rows = [firstRow * heads * headDim, (firstRow + m) * heads * headDim] as const;
    attention(
      ...([data(out).subarray(...rows), data(q).subarray(...rows)] as const),
      ...([keys.subarray(layer * span), values.subarray(layer * span)] as const),
      { m, pos, heads, kvHeads, headDim, capacity },
    );
  }

  siluMul(gate: Buf, up: Buf, n: number): void {
    const [g, u] = [data(gate), data(up)];
    for (let i = 0; i < n; i++) g[i] = (g[i]! / (1 + Math.exp(-g[i]!))) * u[i]!;
  }

  add(x: Buf, y: Buf, n: number): void {
    for (let i = 0; i < n; i++) data(x)[i]! += data(y)[i]!;
  }

  copyRow(to: Buf, toRow: number, from: Buf, fromRow: number, dim: number): void {
    data(to).set(data(from).subarray(fromRow * dim, (fromRow + 1) * dim), toRow * dim);
  }

  async topK(x: Buf, row: number, n: number, k: number): Promise<TopK> {
    const values = data(x).slice(row * n, (row + 1) * n);
    const ids = Uint32Array.from(values.keys())
      .filter((id) => !Number.isNaN(values[id]!))
      .sort((a, b) => values[b]! - values[a]! || a - b)
      .slice(0, k);
    return { ids, values: Float32Array.from(ids, (id) => values[id]!) };
  }

  async expSums(x: Buf, row: number, n: number, scale: number): Promise<ExpSums> {
    const values = data(x).slice(row * n, (row + 1) * n);
    const max = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const sums = new Float64Array(Math.ceil(n / SUM_STRETCH));
    values.forEach((value, i) => {
      sums[Math.floor(i / SUM_STRETCH)]! += Math.exp((value - max) * scale);
    });
    return { max, sums };
  }

  async gather(x: Buf, row: number, n: number, ids: ArrayLike<number>): Promise<Float32Array> {
    return Float32Array.from(ids, (id) => data(x)[row * n + id]!);
  }

  scatter(x: Buf, row: number, n: number, ids: ArrayLike<number>, values: Float32Array): void {
    for (let i = 0; i < ids.length; i++) data(x)[row * n + ids[i]!] = values[i]!;
  }

  private packed(weight: Weight, offset: number, length: number): Uint8Array {
    if (offset < 0 || length < 0 || offset + length > weight.bytes)
      throw new ShapeError(`${length} packed bytes at ${offset} of ${weight.bytes}`);
    return new Uint8Array(data(weight).buffer, offset, length);
  }

  private hold<T extends object>(thing: T, bytes: number): T {
    this.held.set(thing, bytes);
    this.bytesInUse += bytes;
    return thing;
  }
}
