/** None of those who could answer can: all are down. */
export class NoBackendError extends Error {
  override readonly name = 'NoBackendError';
  readonly code = 'no_backend';
  readonly retryAfterSeconds = 5;

  constructor(model: string) {
    super(`nobody who serves model '${model}' can be reached; try again in 5 s`);
  }
}

/** Who could answer sleeps, and is being started. */
export class ModelStartingError extends Error {
  override readonly name = 'ModelStartingError';
  readonly code = 'model_starting';
  readonly retryAfterSeconds = 30;

  constructor(model: string) {
    super(
      `model '${model}' is being started, which takes minutes; try again in 30 s, or ask for a stream, which waits`,
    );
  }
}

/** A body that is too long for the images in it, which have another way. */
export class UploadRequiredError extends Error {
  override readonly name = 'UploadRequiredError';
  readonly code = 'upload_required';

  constructor(maxBytes: number) {
    super(
      `the request body is larger than ${maxBytes} bytes: send its images first, where POST /v1/uploads/presign says, ` +
        'and put the image_url it gives in their place',
    );
  }
}

/** Whoever asks has gone round what stands before the gateway. */
export class DirectAccessError extends Error {
  override readonly name = 'DirectAccessError';
  readonly code = 'direct_access';

  constructor() {
    super("this address is not for clients: ask the site's own");
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

/** A backend's answer that is for nobody: how it is set up is wrong. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';

  constructor(status: number) {
    super(`it answered with ${status}`);
  }
}

export class UpstreamTimeoutError extends Error {
  override readonly name = 'UpstreamTimeoutError';
  readonly code = 'upstream_timeout';

  constructor(backend: string, ms: number) {
    super(`${backend} did not answer within ${ms / 1000} s`);
  }
}
