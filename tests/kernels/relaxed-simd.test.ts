import { expect, test, vi } from 'vitest';
import { kernelFile } from '../../kernels/wasm/relaxed-simd.ts';

test('kernelFile takes the relaxed build where it runs', () => {
  expect(kernelFile()).toEqual({ file: 'kernels-relaxed.wasm', name: 'wasm (relaxed simd)' });
});

test('kernelFile takes the plain build where the instructions are not known', () => {
  const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  expect(kernelFile()).toEqual({ file: 'kernels-simd.wasm', name: 'wasm (simd)' });
  validate.mockRestore();
});
