import { expect, test } from 'vitest';
import { bf16ToFloat, floatToBf16 } from '../../../kernels/quant/bf16.ts';

test('bf16ToFloat is the upper half of an f32', () => {
  expect(bf16ToFloat(0x3f80)).toBe(1);
  expect(bf16ToFloat(0xc049)).toBe(-3.140625);
  expect(bf16ToFloat(0x0001)).toBe(2 ** -133);
  expect(bf16ToFloat(0xff80)).toBe(-Infinity);
});

test('floatToBf16 sends ties to the even one', () => {
  expect(floatToBf16(1 + 2 ** -8)).toBe(0x3f80); // between 0x3f80 and 0x3f81
  expect(floatToBf16(1 + 3 * 2 ** -8)).toBe(0x3f82); // between 0x3f81 and 0x3f82
  expect(floatToBf16(1 + 2 ** -8 + 2 ** -20)).toBe(0x3f81);
  expect(floatToBf16(3.4e38)).toBe(0x7f80); // past the largest: infinity
});

test('floatToBf16 keeps a NaN a NaN', () => {
  expect(bf16ToFloat(floatToBf16(NaN))).toBeNaN();
});
