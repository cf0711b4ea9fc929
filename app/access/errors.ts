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
