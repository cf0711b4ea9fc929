/** Prints a hash of what the fast kernels give for each format, alone and in a batch: to be run under flags of V8's. */
import { createHash } from 'node:crypto';
import { quantise } from '../../kernels/quant/dequantise.ts';
import { QUANT, type QuantType } from '../../kernels/quant/types.ts';
import { relaxed } from './backends.ts';
import { normals, spiked } from './numbers.ts';

const [ROWS, COLS] = [24, 512];

for (const type of Object.keys(QUANT) as QuantType[]) {
  const device = relaxed.create();
  const weight = device.weight(type, ROWS, COLS);
  device.writeRows(weight, 0, quantise(type, normals(1, ROWS * COLS)));
  for (const m of [1, 12]) {
    const [x, out] = [device.alloc(m * COLS), device.alloc(m * ROWS)];
    device.write(x, spiked(m, m * COLS));
    device.matmul([out], [weight], x, m);
    const hash = createHash('sha256').update(await device.read(out, 0, m * ROWS));
    console.log(`product ${type} ${m} ${hash.digest('hex')}`);
  }
}
