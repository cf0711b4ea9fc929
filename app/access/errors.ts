/** The description of the keys cannot be used. Its message quotes nothing of it. */
export class KeysError extends Error {
  override readonly name = 'KeysError';
  readonly code = 'keys';
}

const UNAUTHORIZED = {
  missing: 'a key is needed: send it as Authorization: Bearer …',
  unknown: 'this key is not known here',
  expired: 'this key has expired',
} as const;

export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
  readonly code = 'invalid_api_key';

  constructor(why: keyof typeof UNAUTHORIZED) {
    super(UNAUTHORIZED[why]);
  }
}

/** Whether it is served here or not: a key learns nothing of models that it may not use. */
export class ModelNotAllowedError extends Error {
  override readonly name = 'ModelNotAllowedError';
  readonly code = 'model_not_allowed';

  constructor(model: string, allowed: readonly string[]) {
    super(`this key has no access to model '${model}'; it may use ${allowed.join(', ') || 'none'}`);
  }
}

const UNITS = {
  requests: 'requests a minute',
  tokens: 'tokens a minute',
  concurrency: 'requests at once',
} as const;

/** The caller has taken all that it may for now. */
export class RateLimitError extends Error {
  override readonly name = 'RateLimitError';
  readonly code = 'rate_limit_exceeded';
  readonly retryAfterSeconds: number;

  constructor(limit: keyof typeof UNITS, most: number, waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    super(`the limit of ${most} ${UNITS[limit]} is reached; try again in ${seconds} s`);
    this.retryAfterSeconds = seconds;
  }
}

/** It would take more than there ever is, so that coming again does not help. */
export class BeyondLimitError extends Error {
  override readonly name = 'BeyondLimitError';
  readonly code = 'request_too_large';

  constructor(tokens: number, most: number) {
    super(
      `the request may take ${tokens} tokens, and the limit is ${most} a minute: shorten it, or lower max_tokens`,
    );
  }
}

/** What has been taken cannot be asked, and nothing is let in uncounted. */
export class LimiterError extends Error {
  override readonly name = 'LimiterError';
  readonly code = 'limiter_unavailable';

  constructor(cause: unknown) {
    super('the limits cannot be looked up now', { cause });
  }
}
