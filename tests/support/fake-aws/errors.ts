/** What a service answers instead: its code and sentence are AWS's own, as far as a client looks at them. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** CloudFormation's word for anything it does not like. */
export const validationError = (message: string): AwsError => new AwsError('ValidationError', message);
