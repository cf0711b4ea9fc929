/** The prompt and the reply it asks for do not fit. */
export class ContextLengthError extends Error {
  override readonly name = 'ContextLengthError';
  readonly code = 'context_length_exceeded';
  readonly promptTokens: number;
  readonly context: number;

  constructor(promptTokens: number, maxTokens: number | undefined, context: number) {
    const reply = {
      none: 'does not fit',
      some: `and reply (${maxTokens}) do not fit`,
      any: 'leaves no room for a reply',
    }[maxTokens === undefined ? 'any' : maxTokens === 0 ? 'none' : 'some'];
    super(`prompt (${promptTokens} tokens) ${reply} in the context of ${context} tokens`);
    this.promptTokens = promptTokens;
    this.context = context;
  }
}

/** Every place, and every place to wait, is taken. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
  readonly code = 'model_busy';
  readonly retryAfterSeconds: number;

  constructor(waiting: number, retryAfterSeconds: number) {
    super(`${waiting} requests are waiting already; try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export class UnknownModelError extends Error {
  override readonly name = 'UnknownModelError';
  readonly code = 'model_not_found';

  constructor(model: string, known: readonly string[]) {
    super(`model '${model}' is not served here; there is ${known.join(', ')}`);
  }
}

/** A prompt that cannot be one: an id the vocabulary does not have, or nothing to begin from. */
export class InvalidPromptError extends RangeError {
  override readonly name = 'InvalidPromptError';
  readonly code = 'invalid_request';
}

/** More numbers are wanted of a vector than it has. */
export class DimensionsError extends RangeError {
  override readonly name = 'DimensionsError';
  readonly code = 'invalid_dimensions';

  constructor(dimensions: number, most: number) {
    super(`dimensions: ${dimensions} are more than the ${most} of this model`);
  }
}

/** A bias for a token that the vocabulary does not have. */
export class LogitBiasError extends RangeError {
  override readonly name = 'LogitBiasError';
  readonly code = 'invalid_logit_bias';
  readonly id: number;

  constructor(id: number, vocabSize: number) {
    super(`logit_bias.${id}: the vocabulary has the ids 0 to ${vocabSize - 1}`);
    this.id = id;
  }
}

/** The model's numbers cannot be sampled from: broken weights, or a kernel at fault. */
export class LogitsError extends Error {
  override readonly name = 'LogitsError';
  readonly code = 'internal';

  constructor(id: number, logit: number) {
    super(`logits cannot be sampled: that of token ${id} is ${logit}`);
  }
}

/** The vocabulary has no token for what a grammar wants next. */
export class NothingAllowedError extends Error {
  override readonly name = 'NothingAllowedError';
  readonly code = 'internal';

  constructor() {
    super('no token of the vocabulary may come next: it lacks one of the bytes');
  }
}

/** The device has no room for the sequence, and none will come free. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
  readonly code = 'out_of_memory';

  constructor(positions: number, cause: Error) {
    super(`no room on the device for a sequence of ${positions} tokens: ${cause.message}`, { cause });
  }
}

/** The reader stopped reading while others waited for its place. */
export class StalledError extends Error {
  override readonly name = 'StalledError';
  readonly code = 'reader_stalled';

  constructor(stalledMs: number) {
    super(`the reply was not read for ${stalledMs} ms while others waited, and was dropped`);
  }
}

/** A load of the model was taken for dead, and another has begun. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
  readonly code = 'internal';

  constructor(model: string) {
    super(`this load of model '${model}' made no progress, and another has taken over`);
  }
}

/** A schema, or another grammar of the request's, that no reply can be held to. `path` leads to what is wrong in it. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly code = 'invalid_schema';
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.path = path;
  }
}

/** What was loaded computes nonsense: damaged or foreign weights, or kernels at fault. */
export class UnfitModelError extends Error {
  override readonly name = 'UnfitModelError';
  readonly code = 'model_unfit';

  constructor(problem: string) {
    super(`the model failed its self-check and answers nothing: ${problem}`);
  }
}

/** What was loaded as a guard is none: it may not judge. */
export class UnfitGuardError extends Error {
  override readonly name = 'UnfitGuardError';
  readonly code = 'guard_unfit';

  constructor(problem: string) {
    super(`the guard model failed its self-test and judges nothing: ${problem}`);
  }
}
