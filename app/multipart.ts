import { BodyTooLargeError, InvalidRequestError } from './errors.ts';

/** One field of a form. Read `bytes` before asking for the next: what is left of them is skipped. */
export interface FormPart {
  readonly name: string;
  /** There when the field is a file. */
  readonly filename: string | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const MAX_HEADER_BYTES = 8192;
const MAX_PARTS = 32;
const MAX_BOUNDARY = 70; // RFC 2046

const LINE = bytesOf('\r\n');
const BLANK_LINE = bytesOf('\r\n\r\n');

/**
 * The fields of a `multipart/form-data` body as they come: no more of it is held than one chunk of the connection's and
 * a part's headers.
 *
 * Throws   InvalidRequestError · BodyTooLargeError, as soon as the body is longer than allowed
 * Source   RFC 7578; names and filenames as HTML writes them
 */
export async function* readForm(request: Request, maxBytes: number): AsyncGenerator<FormPart, void> {
  const boundary = boundaryOf(request.headers.get('content-type') ?? '');
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw new BodyTooLargeError(maxBytes);
  const body = windowOver(request, maxBytes);
  try {
    const delimiter = bytesOf(`\r\n--${boundary}`);
    body.unread(LINE); // so that the first delimiter, which begins the body, is like the others
    for await (const _ of body.until(delimiter)); // a preamble says nothing
    for (let count = 0; !(await isLast(body)); count++) {
      if (count === MAX_PARTS) throw malformed(`it has more than ${MAX_PARTS} fields`);
      const head = parseHead(await readHead(body));
      const bytes = body.until(delimiter);
      yield { ...head, bytes: { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) } };
      for await (const _ of bytes); // what a reader who broke off has left
    }
  } finally {
    await body.close();
  }
}

/** Behind a delimiter: `--` after the last part, and a line's end before another. */
async function isLast(body: Window): Promise<boolean> {
  const two = await body.take(2);
  if (two === '--') return true;
  if (two !== '\r\n') throw malformed('a boundary is followed by neither a line nor the end');
  return false;
}

async function readHead(body: Window): Promise<string> {
  body.unread(LINE); // a part may have no headers at all
  const chunks: number[] = [];
  for await (const chunk of body.until(BLANK_LINE)) {
    if (chunks.length + chunk.length > MAX_HEADER_BYTES)
      throw malformed(`a field's headers are longer than ${MAX_HEADER_BYTES} bytes`);
    chunks.push(...chunk);
  }
  return new TextDecoder().decode(Uint8Array.from(chunks));
}

function parseHead(head: string): Pick<FormPart, 'name' | 'filename'> {
  const disposition = /^content-disposition:\s*form-data\s*(;.*)$/im.exec(head)?.[1] ?? '';
  const name = parameterOf(disposition, 'name');
  if (name === undefined) throw malformed('a field has no name');
  return { name, filename: parameterOf(disposition, 'filename') };
}

function parameterOf(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(header);
  const escaped = found?.[1] ?? found?.[2];
  return escaped?.replace(/%22|%0D|%0A/gi, decodeURIComponent);
}

function boundaryOf(contentType: string): string {
  const boundary = /^multipart\/form-data\b/i.test(contentType) && parameterOf(contentType, 'boundary');
  if (!boundary || boundary.length > MAX_BOUNDARY)
    throw new InvalidRequestError('invalid_form', null, 'the body must be multipart/form-data');
  return boundary;
}

function malformed(why: string): InvalidRequestError {
  return new InvalidRequestError('invalid_form', null, `the body is not a form: ${why}`);
}

/** What has come of a body and is not used yet. */
interface Window {
  /** Up to the delimiter, which is taken too. */
  until(delimiter: Uint8Array): AsyncGenerator<Uint8Array, void>;
  take(count: number): Promise<string>;
  unread(bytes: Uint8Array): void;
  close(): Promise<void>;
}

function windowOver(request: Request, maxBytes: number): Window {
  const reader = request.body?.getReader();
  let window: Uint8Array = new Uint8Array(0);
  let length = 0;

  function unread(bytes: Uint8Array): void {
    const joined = new Uint8Array(bytes.length + window.length);
    joined.set(bytes);
    joined.set(window, bytes.length);
    window = joined;
  }

  async function fill(): Promise<void> {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) throw malformed('it ends too early');
    length += value.length;
    if (length > maxBytes) throw new BodyTooLargeError(maxBytes);
    const before = window;
    window = value;
    if (before.length > 0) unread(before);
  }

  return {
    unread,
    async *until(delimiter) {
      for (;;) {
        const at = indexOf(window, delimiter);
        const safe = at === -1 ? Math.max(0, window.length - delimiter.length + 1) : at;
        const bytes = window.subarray(0, safe);
        window = window.subarray(at === -1 ? safe : at + delimiter.length);
        if (bytes.length > 0) yield bytes;
        if (at !== -1) return;
        await fill();
      }
    },
    async take(count) {
      while (window.length < count) await fill();
      const taken = window.subarray(0, count);
      window = window.subarray(count);
      return String.fromCharCode(...taken);
    },
    close: async () => reader?.cancel(),
  };
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const last = bytes.length - wanted.length;
  for (let at = bytes.indexOf(wanted[0]!); at !== -1 && at <= last; at = bytes.indexOf(wanted[0]!, at + 1))
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
