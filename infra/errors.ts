/** A site description cannot be used. Each problem names the place in the file, and what to write there. */
export class SiteError extends Error {
  override readonly name = 'SiteError';
  readonly code = 'site';
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(problems.map((problem) => `${file}: ${problem}`).join('\n'));
    this.problems = problems;
  }
}

/** A site that is well described and cannot be: it needs more than there is. The message has the numbers. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code = 'plan';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], file?: string) {
    super(problems.map((problem) => (file === undefined ? problem : `${file}: ${problem}`)).join('\n'));
    this.problems = problems;
  }
}

/** A site that should run does not, or the other way round. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly code = 'run';
}

/** A keys file is not as a command takes it: the key is there already, or is not. */
export class KeysFileError extends Error {
  override readonly name = 'KeysFileError';
  readonly code = 'keys_file';
}
