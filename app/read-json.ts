import { BodyTooLargeError, InvalidRequestError } from './errors.ts';

/**
 * The body as JSON, whatever its content type says. Stops reading as soon as it is longer than allowed.
 *
 * Throws   BodyTooLargeError · InvalidRequestError when it is not UTF-8 or not JSON
 */
export async function readJson(request: Request, maxBytes: number, whenEmpty = ''): Promise<unknown> {
  const text = decode(await readBytes(request, maxBytes)) || whenEmpty;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError('invalid_json', null, `the body is not JSON: ${(error as Error).message}`);
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  if (declared === null) return readPieces(request, maxBytes);
  if (Number(declared) > maxBytes) throw new BodyTooLargeError(maxBytes);

  const bytes = new Uint8Array(await request.arrayBuffer()); // HTTP holds the sender to its word
  if (bytes.length > maxBytes) throw new BodyTooLargeError(maxBytes);
  return bytes;
}

async function readPieces(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader(); // not `for await`: Safari cannot
  for (let read = await reader?.read(); read && !read.done; read = await reader!.read()) {
    length += read.value.length;
    if (length > maxBytes) {
      await reader!.cancel();
      throw new BodyTooLargeError(maxBytes);
    }
    chunks.push(read.value);
  }

  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InvalidRequestError('invalid_json', null, 'the body is not UTF-8');
  }
}
