/** A caller handed an op buffers that do not fit its shape. Always a bug above, never a user's mistake. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  readonly code = 'internal';
}

/** The device ran out of memory, or is not what it should be. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code = 'internal';
}
