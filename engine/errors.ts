/** The prompt and the reply it asks for do not fit. */
export class ContextLengthError extends Error {
  override readonly name = 'ContextLengthError';
  readonly code = 'context_length_exceeded';
  readonly promptTokens: number;
  readonly context: number;

  constructor(promptTokens: number, maxTokens: number | undefined, context: number) {
    const reply = maxTokens === undefined ? 'leaves no room for a reply' : `and reply (${maxTokens}) do not fit`;
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
