import type { Reading, ReplyReader } from './reply-reader.ts';

const PART_OF_NUMBER = /[\w.+-]/;
const MAX_LENGTH = 512;
const DIGITS = String.raw`\d+(?:_\d+)*`;
const DECIMAL = new RegExp(
  `^(?<whole>${DIGITS})?(?:(?<point>\\.)(?<part>${DIGITS})?)?(?<exponent>[eE][+-]?${DIGITS})?$`,
);
const OTHER_BASE = /^0(?:[xX][\da-fA-F]+|[oO][0-7]+|[bB][01]+)(?:_[\da-fA-F]+)*$/;

/** Reads a number of Python's or JSON's. Gives it as JSON; undefined when it is none, or none that a double can hold. */
export function* readNumber(reader: ReplyReader): Reading<string | undefined> {
  const start = reader.position;
  while (PART_OF_NUMBER.test(yield* reader.peek())) {
    if (reader.position - start === MAX_LENGTH) return undefined;
    reader.advance();
  }
  return jsonNumber(reader.since(start));
}

function jsonNumber(text: string): string | undefined {
  const sign = text.startsWith('-') ? '-' : '';
  const size = text.replace(/^[+-]/, '');
  if (OTHER_BASE.test(size)) return sign + otherBase(size.replaceAll('_', ''));

  const { whole = '', point, part = '', exponent = '' } = DECIMAL.exec(size)?.groups ?? {};
  if (whole === '' && part === '') return undefined;
  const isFloat = point !== undefined || exponent !== '';
  if (!isFloat && /^0[\d_]*[1-9]/.test(whole)) return undefined; // 007 is no number to Python, nor to JSON

  const integer = whole.replaceAll('_', '').replace(/^0+(?=\d)/, '') || '0';
  const fraction = point === undefined ? '' : `.${part.replaceAll('_', '') || '0'}`;
  const json = sign + integer + fraction + exponent.replaceAll('_', '');
  return Number.isFinite(Number(json)) ? json : undefined;
}

function otherBase(text: string): string {
  try {
    return BigInt(text).toString();
  } catch {
    return '';
  }
}
