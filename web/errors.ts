/** The server answered, and said no. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The stream began, and then carried an error or ended before it said why. */
export class BrokenStreamError extends Error {
  override readonly name = 'BrokenStreamError';
  readonly code = 'broken_stream';
}
