// (func (result v128) i16x8.relaxed_dot_i8x16_i7x16_s (i8x16.splat 0) (i8x16.splat 0))
const PROBE = Uint8Array.of(
  ...[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02,
    0x01, 0x00,
  ],
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x92, 0x02, 0x0b],
);

/** The kernels this engine can run: the relaxed build where it knows those instructions, else plain SIMD. */
export function kernelFile(): { readonly file: string; readonly name: string } {
  return WebAssembly.validate(PROBE)
    ? { file: 'kernels-relaxed.wasm', name: 'wasm (relaxed simd)' }
    : { file: 'kernels-simd.wasm', name: 'wasm (simd)' };
}
