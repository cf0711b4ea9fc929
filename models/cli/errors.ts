/** A command line that cannot be understood. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** A source cannot give the file now; another one may. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code = 'source_unavailable';
}

/** The hub has the file, and keeps it behind a licence. */
export class GatedModelError extends Error {
  override readonly name = 'GatedModelError';
  readonly code = 'model_gated';

  constructor(repo: string, page: string, status: number, hadToken: boolean) {
    const problem = hadToken
      ? `the account of this HF_TOKEN has no access to ${repo} (HTTP ${status})`
      : `${repo} is gated and no HF_TOKEN is set (HTTP ${status})`;
    super(
      `${problem}\n` +
        `  1. open ${page} while logged in, and accept the licence\n` +
        `  2. make a token with "Read access to contents of all public gated repos you can access"\n` +
        `     at https://huggingface.co/settings/tokens\n` +
        `  3. run again with HF_TOKEN=hf_… in the environment`,
    );
  }
}

/** The file a source offers is not the size the catalogue says. */
export class SizeError extends Error {
  override readonly name = 'SizeError';
  readonly code = 'model_size';

  constructor(file: string, expected: number, actual: number) {
    super(`${file}: the source offers ${actual} bytes, the catalogue says ${expected}`);
  }
}

export class DiskSpaceError extends Error {
  override readonly name = 'DiskSpaceError';
  readonly code = 'disk_space';

  constructor(folder: string, needed: number, free: number) {
    super(`${folder} has ${free} bytes free and the download needs ${needed}`);
  }
}

/** Every source was tried. Carries what each of them said. */
export class NoSourceError extends Error {
  override readonly name = 'NoSourceError';
  readonly code = 'no_source';
  readonly problems: readonly Error[];

  constructor(model: string, problems: readonly Error[]) {
    super([`${model} could not be fetched`, ...problems.map((problem) => problem.message)].join('\n'));
    this.problems = problems;
  }
}
