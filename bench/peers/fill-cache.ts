import type { Device } from '../../kernels/kernels.ts';
import type { SequenceCache } from '../../models/llama/model.ts';
import { normals } from '../../tests/support/numbers.ts';

const CHUNK = 512; // positions

/**
 * Fills positions 0 … length-1 with random keys and values of about the size a model's are, in place of what came
 * before. Reading that many tokens would take minutes, and what an op costs does not depend on the numbers.
 */
export function fillCache(device: Device, cache: SequenceCache, length: number): void {
  cache.length = length;
  if (length === 0) return;
  const { layers, kvHeads, headDim } = cache.kv;
  const numbers = normals(1, CHUNK * kvHeads * headDim);
  const rows = device.alloc(numbers.length);
  device.write(rows, numbers);
  for (let layer = 0; layer < layers; layer++)
    for (let pos = 0; pos < length; pos += CHUNK)
      device.kvWrite(cache.kv, layer, rows, rows, pos, Math.min(CHUNK, length - pos), 0);
  device.free(rows);
}
