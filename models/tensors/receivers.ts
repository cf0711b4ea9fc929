/** The ways a tensor's bytes reach a device, never more of them in JS memory than the way needs. */
import type { Device, Weight } from '../../kernels/kernels.ts';
import { rowBytes } from '../../kernels/quant/types.ts';
import type { Receiver } from './deliver.ts';

const GROUP = 8; // rows that a device packs together

/** Keeps `length` bytes until they are all there. */
export function atOnce(length: number, use: (bytes: Uint8Array) => void | Promise<void>): Receiver {
  const all = new Uint8Array(length);
  let filled = 0;
  return {
    push(bytes) {
      all.set(bytes, filled);
      filled += bytes.length;
    },
    end: () => use(all),
  };
}

/** Has rows packed eight at a time, and keeps only what does not make eight yet. */
export function inGroups(device: Device, weight: Weight): Receiver {
  const groupBytes = GROUP * rowBytes(weight.type, weight.cols);
  const rest = new Uint8Array(groupBytes);
  let kept = 0;
  let row = 0;
  const write = (bytes: Uint8Array, rows: number) => {
    device.writeRows(weight, row, bytes);
    row += rows;
  };
  return {
    push(bytes) {
      let used = 0;
      if (kept > 0) {
        used = Math.min(groupBytes - kept, bytes.length);
        rest.set(bytes.subarray(0, used), kept);
        kept += used;
        if (kept < groupBytes) return;
        write(rest, GROUP);
        kept = 0;
      }
      const groups = Math.floor((bytes.length - used) / groupBytes);
      if (groups > 0) write(bytes.subarray(used, used + groups * groupBytes), groups * GROUP);
      used += groups * groupBytes;
      rest.set(bytes.subarray(used));
      kept = bytes.length - used;
    },
    end() {
      if (kept > 0) write(rest.subarray(0, kept), weight.rows - row);
    },
  };
}

/** Of a matrix that passes row by row, writes the rows that `ids` names, which ascend. */
export function selectedRows(device: Device, weight: Weight, ids: Uint32Array): Receiver {
  const length = rowBytes(weight.type, weight.cols);
  const rows = new Uint8Array(ids.length * length);
  let at = 0; // byte of the whole matrix
  return {
    push(bytes) {
      for (const [i, id] of ids.entries()) {
        const from = Math.max(at, id * length);
        const to = Math.min(at + bytes.length, (id + 1) * length);
        if (from < to) rows.set(bytes.subarray(from - at, to - at), i * length + from - id * length);
      }
      at += bytes.length;
    },
    end: () => device.writeRows(weight, 0, rows),
  };
}

/** Copies packed bytes to where they belong, from byte `offset` of the weight on. */
export function inPlace(device: Device, weight: Weight, offset: number): Receiver {
  let at = offset;
  return {
    push(bytes) {
      device.writePacked(weight, at, bytes);
      at += bytes.length;
    },
    end() {},
  };
}
