import { expect, test } from 'vitest';
import { floatToHalf, halfToFloat } from '../../../kernels/quant/f16.ts';

/** The engine's own half-precision arithmetic, which we did not write. */
const native = (() => {
  const view = new DataView(new ArrayBuffer(2)) as DataView & {
    getFloat16(at: number): number;
    setFloat16(at: number, x: number): void;
  };
  return {
    toFloat: (bits: number) => {
      view.setUint16(0, bits);
      return view.getFloat16(0);
    },
    toHalf: (x: number) => {
      view.setFloat16(0, x);
      return view.getUint16(0);
    },
  };
})();

test('halfToFloat agrees with the engine on every half', () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 65_536; bits++) {
    if (!Object.is(halfToFloat(bits), native.toFloat(bits))) wrong.push(bits);
  }
  expect(wrong).toEqual([]);
});

test('halfToFloat gives the limits of the format', () => {
  expect(halfToFloat(0x0001)).toBe(2 ** -24);
  expect(halfToFloat(0x03ff)).toBe(2 ** -14 - 2 ** -24);
  expect(halfToFloat(0x0400)).toBe(2 ** -14);
  expect(halfToFloat(0x3c00)).toBe(1);
  expect(halfToFloat(0x7bff)).toBe(65504);
  expect(halfToFloat(0xfc00)).toBe(-Infinity);
  expect(halfToFloat(0x8000)).toBe(-0);
});

test('floatToHalf brings every half back', () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 65_536; bits++) {
    const nan = (bits & 0x7c00) === 0x7c00 && (bits & 0x03ff) !== 0;
    if (floatToHalf(halfToFloat(bits)) !== (nan ? 0x7e00 : bits)) wrong.push(bits);
  }
  expect(wrong).toEqual([]);
});

test('floatToHalf sends ties to the even half, and the least more or less to its own side', () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 0x7bff; bits++) {
    const tie = (halfToFloat(bits) + halfToFloat(bits + 1)) / 2;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const tiny = tie * 2 ** -50;
    const right =
      floatToHalf(tie) === even &&
      floatToHalf(-tie) === (even | 0x8000) &&
      floatToHalf(tie - tiny) === bits &&
      floatToHalf(tie + tiny) === bits + 1 &&
      floatToHalf(tie) === native.toHalf(tie);
    if (!right) wrong.push(bits);
  }
  expect(wrong).toEqual([]);
});

test('floatToHalf overflows halfway past the largest half, and keeps what is too small as a signed zero', () => {
  expect(floatToHalf(65519.999)).toBe(0x7bff);
  expect(floatToHalf(65520)).toBe(0x7c00);
  expect(floatToHalf(-1e30)).toBe(0xfc00);
  expect(floatToHalf(2 ** -25)).toBe(0); // a tie with zero
  expect(floatToHalf(-(2 ** -26))).toBe(0x8000);
  expect(floatToHalf(Number.MIN_VALUE)).toBe(0);
  expect(floatToHalf(NaN)).toBe(0x7e00);
});
