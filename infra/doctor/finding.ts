/** One thing that was looked at. */
export interface Finding {
  readonly about: 'machine' | 'settings' | 'models' | 'site';
  /** A warning lets it run; with a problem something will not. */
  readonly level: 'ok' | 'warning' | 'problem';
  readonly what: string;
  /** What to do; every warning and problem has it. */
  readonly advice?: string;
}

/** It is not well. Exit code 1. */
export class UnwellError extends Error {
  override readonly name = 'UnwellError';
  readonly code = 'unwell';

  constructor(problems: number) {
    super(problems === 1 ? 'there is one problem' : `there are ${problems} problems`);
  }
}
