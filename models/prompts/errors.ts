/** A model's chat template refuses a conversation: roles that do not alternate, a system turn it knows not. */
export class ConversationError extends Error {
  override readonly name = 'ConversationError';
  readonly code = 'invalid_request';

  constructor(reason: string) {
    super(`the model's chat template refuses this conversation: ${reason}`);
  }
}
