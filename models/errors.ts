/** A file is not what its format says it must be. `offset` is the byte where that shows. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code = 'model_format';
  readonly format: string;
  readonly offset: number;

  constructor(format: string, offset: number, problem: string) {
    super(`${format}: byte ${offset}: ${problem}`);
    this.format = format;
    this.offset = offset;
  }
}

/** A file has the right size and the wrong bytes. */
export class IntegrityError extends Error {
  override readonly name = 'IntegrityError';
  readonly code = 'model_integrity';
  readonly expected: string;
  readonly actual: string;

  constructor(file: string, expected: string, actual: string) {
    super(`${file}: sha256 is ${actual}, the manifest says ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** A server does not give the bytes asked for. `status` is its HTTP answer, where that is what was wrong. */
export class RangeRequestError extends Error {
  override readonly name = 'RangeRequestError';
  readonly code = 'source_unavailable';
  readonly status: number | undefined;

  constructor(url: string, problem: string, status?: number) {
    super(`${url}: ${problem}`);
    this.status = status;
  }
}

/** No catalogue entry goes by that name. */
export class UnlistedModelError extends Error {
  override readonly name = 'UnlistedModelError';
  readonly code = 'model_unlisted';

  constructor(model: string, known: readonly string[]) {
    super(`the catalogue has no model '${model}'; it has ${known.join(', ')}`);
  }
}
