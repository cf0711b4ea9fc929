/** None of those who could answer can: all are down. */
export class NoBackendError extends Error {
  override readonly name = 'NoBackendError';
  readonly code = 'no_backend';
  readonly retryAfterSeconds = 5;

  constructor(model: string) {
    super(`nobody who serves model '${model}' can be reached; try again in 5 s`);
  }
}

/** The server behind this one broke off, or said what makes no sense. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code = 'upstream';

  constructor(backend: string, cause: unknown) {
    super(`${backend} did not answer`, { cause });
  }
}

export class UpstreamTimeoutError extends Error {
  override readonly name = 'UpstreamTimeoutError';
  readonly code = 'upstream_timeout';

  constructor(backend: string, ms: number) {
    super(`${backend} did not answer within ${ms / 1000} s`);
  }
}
