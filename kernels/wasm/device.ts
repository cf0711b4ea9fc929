/**
 * The CPU backend: AssemblyScript kernels with 128-bit SIMD over one linear memory. An op has run when it returns.
 */
import { ShapeError } from '../errors.ts';
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
import { QUANT, type QuantType, rowBytes } from '../quant/types.ts';
import { LAYOUTS, type Layout, PACKED_LAYOUT, PANEL_BYTES } from './layouts.ts';
import { MEMORY_LIMITS, WasmMemory } from './memory.ts';
import { alone, type Kernels, type Team } from './team.ts';

interface WasmBuf extends Buf {
  readonly address: number;
}
interface WasmWeight extends Weight {
  readonly address: number;
  readonly layout: Layout;
}
interface WasmKvCache extends KvCache {
  readonly address: number;
  readonly slots: number; // the capacity in whole tiles
  readonly layerBytes: number; // keys and values of one layer
}

const MAX_TOP_K = 256;

const KV_TILE = 32; // positions, see src/kv-cache.ts

// Worth another thread's while: a few microseconds.
const LEAST_PRODUCTS = 65_536;
const LEAST_ROUNDED = 8192;
const LEAST_SILU = 2048;

/**
 * Builds a device on a compiled kernel module: `kernels-relaxed.wasm`, or `kernels-simd.wasm` where relaxed SIMD is
 * missing. The door imports the module, since workerd compiles no WASM at run time.
 */
export function createWasmDevice(module: WebAssembly.Module, name: string): Device {
  const memory = new WebAssembly.Memory(MEMORY_LIMITS);
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
  return new WasmDevice(name, memory, kernels, alone(kernels));
}

export class WasmDevice implements Device {
  readonly name: string;
  readonly layout = PACKED_LAYOUT;
  private readonly heap: WasmMemory;
  private readonly kernels: Kernels;
  private readonly team: Team;
  private readonly topAddress: number;
  private scratchAddress = 0;
  private scratchBytes = 0;

  constructor(name: string, memory: WebAssembly.Memory, kernels: Kernels, team: Team) {
    this.name = name;
    this.kernels = kernels;
    this.team = team;
    this.heap = new WasmMemory(memory, kernels.heap_start!());
    this.topAddress = this.heap.alloc(8 * MAX_TOP_K);
  }

  get bytesInUse(): number {
    return this.heap.bytesInUse;
  }

  alloc(length: number): Buf {
    return { length, address: this.heap.alloc(4 * length) } as WasmBuf;
  }

  write(buf: Buf, data: Float32Array): void {
    if (data.length > buf.length) throw new ShapeError(`write: ${data.length} numbers into ${buf.length}`);
    this.floats((buf as WasmBuf).address, data.length).set(data);
  }

  async read(buf: Buf, offset: number, length: number): Promise<Float32Array> {
    if (offset + length > buf.length)
      throw new ShapeError(`read: ${offset} + ${length} of ${buf.length} numbers`);
    return this.floats((buf as WasmBuf).address + 4 * offset, length).slice();
  }

  free(thing: Buf | Weight | KvCache): void {
    this.heap.free((thing as unknown as { address: number }).address);
  }

  weight(type: QuantType, rows: number, cols: number): Weight {
    const layout = LAYOUTS[type];
    const bytes = this.packedBytes(type, rows, cols);
    const address = this.heap.alloc(bytes);
    if (rows % 8 !== 0) new Uint8Array(this.heap.memory.buffer, address, bytes).fill(0); // rows that never come
    return { type, rows, cols, bytes, address, layout } as WasmWeight;
  }

  writeRows(weight: Weight, firstRow: number, bytes: Uint8Array): void {
    const { type, rows, cols, layout, address } = weight as WasmWeight;
    const stride = rowBytes(type, cols);
    const count = bytes.length / stride;
    const whole = firstRow % 8 === 0 && (count % 8 === 0 || firstRow + count === rows);
    if (!whole || !Number.isInteger(count) || firstRow + count > rows)
      throw new ShapeError(
        `writeRows: ${bytes.length} bytes at row ${firstRow} of ${rows} × ${cols} ${type}`,
      );
    const groupBytes = (cols / layout.blockSize) * layout.groupBytes;
    const staging = this.scratch(8 * stride);
    for (let row = 0; row < count; row += 8) {
      const n = Math.min(8, count - row);
      this.bytes(staging, n * stride).set(bytes.subarray(row * stride, (row + n) * stride));
      this.call(layout.pack, staging, address + ((firstRow + row) / 8) * groupBytes, n, cols);
    }
  }

  packedBytes(type: QuantType, rows: number, cols: number): number {
    if (cols % QUANT[type].blockSize !== 0)
      throw new ShapeError(
        `weight: ${cols} columns are no multiple of ${QUANT[type].blockSize}, a ${type} block`,
      );
    const { blockSize, groupBytes } = LAYOUTS[type];
    return Math.ceil(rows / 8) * (cols / blockSize) * groupBytes;
  }

  writePacked(weight: Weight, offset: number, bytes: Uint8Array): void {
    this.packed(weight, offset, bytes.length).set(bytes);
  }

  async readPacked(weight: Weight, offset: number, length: number): Promise<Uint8Array> {
    return this.packed(weight, offset, length).slice();
  }

  kvCache(shape: KvShape): KvCache {
    if (shape.headDim % 8 !== 0)
      throw new ShapeError(`kvCache: headDim ${shape.headDim} is no multiple of 8`);
    const tiles = Math.ceil(shape.capacity / KV_TILE);
    const tileBytes = this.call('kv_head_bytes', shape.type === 'q8' ? 1 : 0, shape.headDim, KV_TILE);
    const slots = KV_TILE * tiles;
    const layerBytes = 2 * shape.kvHeads * tiles * tileBytes;
    const bytes = shape.layers * layerBytes;
    const address = this.heap.alloc(bytes, ` (${shape.capacity} positions in ${shape.type})`);
    return { ...shape, bytes, slots, layerBytes, address } as WasmKvCache;
  }

  embed(out: Buf, weight: Weight, ids: Uint32Array): void {
    const { rows, cols, layout, address } = weight as WasmWeight;
    this.fits('embed: out', out, ids.length * cols);
    ids.forEach((id, i) => {
      if (id >= rows) throw new ShapeError(`embed: id ${id} of ${rows}`);
      this.call(layout.row, address, id, cols, (out as WasmBuf).address + 4 * i * cols);
    });
  }

  matmul(outs: readonly Buf[], weights: readonly Weight[], x: Buf, m: number, firstRow = 0): void {
    const { cols } = weights[0]!;
    this.fits('matmul: x', x, (firstRow + m) * cols);
    const from = (x as WasmBuf).address + 4 * firstRow * cols;
    const blocks = Math.ceil(cols / 32);
    const tokens = Math.ceil(m / 4) * 4; // they are rounded by four
    const most = Math.max(...weights.map((weight) => (weight as WasmWeight).layout.activationBytes));
    const panelBytes = blocks * PANEL_BYTES;
    const panels = this.team.threads * panelBytes;
    const panel = this.scratch(panels + blocks * tokens * most);
    const activations = panel + panels;
    const grain = 16 * Math.ceil(LEAST_PRODUCTS / (16 * cols * m)); // kernels take two groups at once
    let rounded: string | undefined;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] as WasmWeight;
      const out = outs[i] as WasmBuf;
      if (weight.cols !== cols) throw new ShapeError(`matmul: ${weight.cols} columns beside ${cols}`);
      this.fits('matmul: out', out, m * weight.rows);
      const { matmul, quantise } = weight.layout;
      if (quantise !== undefined && quantise !== rounded)
        this.team.run(quantise, [from, activations, cols, m], m, 4 * Math.ceil(LEAST_ROUNDED / (4 * cols)));
      rounded = quantise ?? rounded;
      const operand = quantise === undefined ? from : activations;
      const args = [weight.address, operand, out.address, weight.rows, cols, m];
      this.team.run(matmul, args, weight.rows, grain, panel, panelBytes);
    }
  }

  rmsNorm(out: Buf, x: Buf, weight: Buf, m: number, dim: number, eps: number): void {
    this.fits('rmsNorm: x', x, m * dim);
    this.fits('rmsNorm: out', out, m * dim);
    this.fits('rmsNorm: weight', weight, dim);
    this.multiple('rmsNorm: dim', dim, 4);
    this.call('rms_norm', address(out), address(x), address(weight), m, dim, eps);
  }

  rope(x: Buf, table: Buf, m: number, heads: number, headDim: number): void {
    this.fits('rope: x', x, m * heads * headDim);
    this.fits('rope: table', table, m * headDim);
    this.multiple('rope: headDim', headDim, 4);
    this.call('rope', address(x), address(table), m, heads, headDim);
  }

  kvWrite(kv: KvCache, layer: number, k: Buf, v: Buf, pos: number, m: number, firstRow: number): void {
    const { kvHeads, headDim, capacity, slots, type, address: base, layerBytes } = kv as WasmKvCache;
    if (pos + m > capacity) throw new ShapeError(`kvWrite: position ${pos + m} of ${capacity}`);
    this.fits('kvWrite: k', k, (firstRow + m) * kvHeads * headDim);
    this.fits('kvWrite: v', v, (firstRow + m) * kvHeads * headDim);
    const skip = 4 * firstRow * kvHeads * headDim;
    const keys = base + layer * layerBytes;
    this.call(
      ...(['kv_write', type === 'q8' ? 1 : 0, address(k) + skip, address(v) + skip] as const),
      ...([keys, keys + layerBytes / 2, m, pos, kvHeads, headDim, slots] as const),
    );
  }

  kvCopy(to: KvCache, from: KvCache, length: number): void {
    const [target, source] = [to as WasmKvCache, from as WasmKvCache];
    if (to.bytes * source.slots !== from.bytes * target.slots)
      throw new ShapeError('kvCopy: the caches differ in more than their capacity');
    if (length > Math.min(to.capacity, from.capacity))
      throw new ShapeError(`kvCopy: ${length} positions from ${from.capacity} to ${to.capacity}`);
    const { layers, kvHeads, headDim, type } = source;
    this.call(
      ...(['kv_copy', type === 'q8' ? 1 : 0, target.address, source.address, 2 * layers * kvHeads] as const),
      ...([headDim, target.slots, source.slots, length] as const),
    );
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
    const { kvHeads, headDim, capacity, slots, type, address: base, layerBytes } = kv as WasmKvCache;
    if (pos + m > capacity) throw new ShapeError(`attention: position ${pos + m} of ${capacity}`);
    this.fits('attention: q', q, (firstRow + m) * heads * headDim);
    this.fits('attention: out', out, (firstRow + m) * heads * headDim);
    const skip = 4 * firstRow * heads * headDim;
    const keys = base + layer * layerBytes;
    const scratchBytes = this.call('attention_scratch', m, heads / kvHeads, headDim);
    const scratch = this.scratch(this.team.threads * scratchBytes);
    const args = [
      ...[address(out) + skip, address(q) + skip, keys, keys + layerBytes / 2],
      ...[type === 'q8' ? 1 : 0, m, pos, heads, kvHeads, headDim, slots],
    ];
    this.team.run('attention', args, kvHeads, 1, scratch, scratchBytes);
  }

  siluMul(gate: Buf, up: Buf, n: number): void {
    this.fits('siluMul: gate', gate, n);
    this.fits('siluMul: up', up, n);
    this.multiple('siluMul: n', n, 4);
    this.team.run('silu_mul', [address(gate), address(up)], n, LEAST_SILU);
  }

  add(x: Buf, y: Buf, n: number): void {
    this.fits('add: x', x, n);
    this.fits('add: y', y, n);
    this.multiple('add: n', n, 4);
    this.call('add', address(x), address(y), n);
  }

  copyRow(to: Buf, toRow: number, from: Buf, fromRow: number, dim: number): void {
    this.fits('copyRow: to', to, (toRow + 1) * dim);
    this.fits('copyRow: from', from, (fromRow + 1) * dim);
    const source = address(from) + 4 * fromRow * dim;
    new Uint8Array(this.heap.memory.buffer).copyWithin(
      address(to) + 4 * toRow * dim,
      source,
      source + 4 * dim,
    );
  }

  async topK(x: Buf, row: number, n: number, k: number): Promise<TopK> {
    if (k < 1 || k > MAX_TOP_K) throw new ShapeError(`topK: k is ${k}, the limit is ${MAX_TOP_K}`);
    this.fits('topK: x', x, (row + 1) * n);
    const values = this.topAddress + 4 * MAX_TOP_K;
    const kept = this.call('top_k', address(x) + 4 * row * n, n, k, this.topAddress, values);
    const ids = new Uint32Array(this.heap.memory.buffer, this.topAddress, kept).slice();
    return { ids, values: this.floats(values, kept).slice() };
  }

  async expSums(x: Buf, row: number, n: number, scale: number): Promise<ExpSums> {
    this.fits('expSums: x', x, (row + 1) * n);
    const count = Math.ceil(n / SUM_STRETCH);
    const to = this.scratch(8 * count);
    const max = this.call('exp_sums', address(x) + 4 * row * n, n, scale, to);
    const sums = new Float64Array(this.heap.memory.buffer, to, count).slice();
    return { max, sums };
  }

  async gather(x: Buf, row: number, n: number, ids: ArrayLike<number>): Promise<Float32Array> {
    this.fits('gather: x', x, (row + 1) * n);
    const from = this.floats(address(x) + 4 * row * n, n);
    return Float32Array.from(ids, (id) => from[id]!);
  }

  scatter(x: Buf, row: number, n: number, ids: ArrayLike<number>, values: Float32Array): void {
    this.fits('scatter: x', x, (row + 1) * n);
    const to = this.floats(address(x) + 4 * row * n, n);
    for (let i = 0; i < ids.length; i++) to[ids[i]!] = values[i]!;
  }

  private packed(weight: Weight, offset: number, length: number): Uint8Array {
    if (offset < 0 || length < 0 || offset + length > weight.bytes)
      throw new ShapeError(`${length} packed bytes at ${offset} of ${weight.bytes}`);
    return this.bytes((weight as WasmWeight).address + offset, length);
  }

  private call(name: string, ...args: number[]): number {
    return this.kernels[name]!(...args);
  }

  /** Memory for the op at hand. Grown when an op needs more, and then kept: no allocation per token. */
  private scratch(bytes: number): number {
    if (bytes > this.scratchBytes) {
      if (this.scratchBytes > 0) this.heap.free(this.scratchAddress);
      this.scratchBytes = 0;
      this.scratchAddress = this.heap.alloc(bytes);
      this.scratchBytes = bytes;
    }
    return this.scratchAddress;
  }

  private floats(at: number, length: number): Float32Array {
    return new Float32Array(this.heap.memory.buffer, at, length);
  }

  private bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.heap.memory.buffer, at, length);
  }

  private fits(what: string, buf: Buf, length: number): void {
    if (length > buf.length)
      throw new ShapeError(`${what} has ${buf.length} elements, its shape needs ${length}`);
  }

  private multiple(what: string, n: number, of: number): void {
    if (n % of !== 0) throw new ShapeError(`${what} is ${n}, not a multiple of ${of}`);
  }
}

function address(buf: Buf): number {
  return (buf as WasmBuf).address;
}
