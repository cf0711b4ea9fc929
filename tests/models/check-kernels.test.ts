import { describe, expect, test } from 'vitest';
import type { Device } from '../../kernels/kernels.ts';
import { kernelTrouble } from '../../models/check-kernels.ts';
import { fast, ref } from '../support/backends.ts';

describe.each([...fast, ref])('on $name', ({ create }) => {
  test('nothing is wrong', async () => {
    expect(await kernelTrouble(create())).toBeUndefined();
  });
});

/** A device that says the same of one row, whatever the product. */
function wrong(type: string, said: number): Device {
  const device = ref.create();
  const matmul: Device['matmul'] = (outs, weights, x, m, firstRow) => {
    ref.create().matmul.call(device, outs, weights, x, m, firstRow);
    if (weights[0]!.type === type) device.scatter(outs[0]!, 0, 8, [7], Float32Array.of(said));
  };
  return Object.defineProperties(device, { matmul: { value: matmul }, name: { value: 'a broken one' } });
}

test.each([
  ['zero', 0],
  ['no number', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
] as const)(
  'a device that gives %s in one place for one format is found, and the format named',
  async (_, said) => {
    expect(await kernelTrouble(wrong('q5_k', said))).toMatch(
      /^a product of q5_k weights on a broken one is wrong: row 7 is /,
    );
  },
);
