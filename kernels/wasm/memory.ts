import { DeviceError } from '../errors.ts';

/** Pages of a device's memory, and what the kernels' import of it declares: 4 GiB. */
export const MEMORY_LIMITS = { initial: 64, maximum: 65_536 } as const;

const PAGE = 65_536;
const ALIGN = 64; // a cache line
const MAX_BYTES = 65_536 * PAGE - PAGE; // the last page stays out, so that an end address fits 32 bits

interface Gap {
  start: number;
  end: number;
}

/** Hands out pieces of one WebAssembly.Memory: first gap that fits, neighbours joined again on `free`. */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  bytesInUse = 0;
  private readonly gaps: Gap[];
  private readonly sizes = new Map<number, number>();

  constructor(memory: WebAssembly.Memory, start: number) {
    this.memory = memory;
    const first = Math.ceil(start / ALIGN) * ALIGN;
    this.gaps = [{ start: first, end: memory.buffer.byteLength }];
  }

  /** The address of `bytes` bytes, not cleared. Throws DeviceError, saying for what, when memory cannot grow that far. */
  alloc(bytes: number, what = ''): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    let at = this.gaps.findIndex((gap) => gap.end - gap.start >= size);
    if (at < 0) at = this.grow(size, what);
    const gap = this.gaps[at]!;
    const address = gap.start;
    gap.start += size;
    if (gap.start === gap.end) this.gaps.splice(at, 1);
    this.sizes.set(address, size);
    this.bytesInUse += size;
    return address;
  }

  free(address: number): void {
    const size = this.sizes.get(address);
    if (size === undefined) throw new DeviceError(`nothing to free at address ${address}`);
    this.sizes.delete(address);
    this.bytesInUse -= size;
    this.release({ start: address, end: address + size });
  }

  /** Makes room at the end and returns the index of the gap there. */
  private grow(size: number, what: string): number {
    const end = this.memory.buffer.byteLength;
    const last = this.gaps.at(-1);
    const have = last?.end === end ? last.end - last.start : 0;
    const pages = Math.ceil((size - have) / PAGE);
    const isPast = end + pages * PAGE > MAX_BYTES;
    try {
      if (isPast) throw new RangeError('past 4 GiB');
      this.memory.grow(pages);
    } catch {
      const limit = isPast ? `of the ${MAX_BYTES} that a WASM memory can have` : 'and the host gives no more';
      throw new DeviceError(`no room for ${size} bytes${what}: ${this.bytesInUse} are in use ${limit}`);
    }
    this.release({ start: end, end: end + pages * PAGE });
    return this.gaps.length - 1;
  }

  private release(gap: Gap): void {
    let at = this.gaps.findIndex((other) => other.start > gap.start);
    if (at < 0) at = this.gaps.length;
    this.gaps.splice(at, 0, gap);
    const next = this.gaps[at + 1];
    if (next?.start === gap.end) {
      gap.end = next.end;
      this.gaps.splice(at + 1, 1);
    }
    const before = this.gaps[at - 1];
    if (before?.end === gap.start) {
      before.end = gap.end;
      this.gaps.splice(at, 1);
    }
  }
}
