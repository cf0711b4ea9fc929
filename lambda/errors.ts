/** The platform allows a request no more time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly code = 'deadline_exceeded';

  constructor() {
    super('the time that a request may take here is over: ask for fewer tokens, or in several requests');
  }
}
