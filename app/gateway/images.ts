/** Which images a client may name: a backend gets whatever stands in `image_url`, and would fetch it from where it is. */
import { InvalidRequestError } from '../errors.ts';
import { fieldPath } from '../field-path.ts';
import { IMAGE_TYPES, type Uploads, uploadIdOf } from './uploads.ts';

export interface ImagePolicy {
  readonly uploads?: Uploads | undefined;
  /** Backends may fetch from these, by https. What answers there, redirects too, the operator answers for. */
  readonly hosts: readonly string[];
}

/** How each type begins. `?` is any byte. */
const MAGIC: Readonly<Record<(typeof IMAGE_TYPES)[number], string>> = {
  'image/png': '\x89PNG\r\n\x1a\n',
  'image/jpeg': '\xff\xd8\xff',
  'image/webp': 'RIFF????WEBP',
  'image/gif': 'GIF8',
};
const DATA = /^data:(image\/[a-z]+);base64,/;
/** Base64 of the longest magic, and no remainder. */
const MAGIC_LETTERS = 16;

/**
 * The request with each image as a backend may have it: inline ones of a known type as they are, uploaded ones by an
 * address that holds for some minutes, others only from hosts the operator allows.
 *
 * Throws   InvalidRequestError, which names the field
 */
export async function allowImages<T extends Record<string, unknown>>(
  asked: T,
  policy: ImagePolicy,
  caller: string,
): Promise<T> {
  const allowed: Record<string, unknown> = { ...asked };
  for (const field of ['messages', 'input']) {
    const list = allowed[field];
    if (Array.isArray(list))
      allowed[field] = await Promise.all(list.map((item, i) => inItem(item, [field, i])));
  }
  return allowed as T;

  async function inItem(item: unknown, path: readonly (string | number)[]): Promise<unknown> {
    if (!isObject(item)) return item;
    refuseOthers(item, path);
    if (!Array.isArray(item.content)) return item;
    const content = item.content.map((part, i) => inPart(part, [...path, 'content', i]));
    return { ...item, content: await Promise.all(content) };
  }

  /** Chat has an object with the address, responses the address itself. */
  async function inPart(part: unknown, path: readonly (string | number)[]): Promise<unknown> {
    if (!isObject(part)) return part;
    refuseOthers(part, path);
    if (part.image_url === undefined || part.image_url === null) return part;
    const { image_url: image } = part;
    if (typeof image === 'string') return { ...part, image_url: await allow(image, [...path, 'image_url']) };
    if (!isObject(image) || typeof image.url !== 'string')
      throw refused([...path, 'image_url'], 'neither an address nor an object with a url');
    return { ...part, image_url: { ...image, url: await allow(image.url, [...path, 'image_url', 'url']) } };
  }

  async function allow(url: string, path: readonly (string | number)[]): Promise<string> {
    if (url.startsWith('data:')) {
      const problem = problemOfData(url);
      if (problem) throw refused(path, problem);
      return url;
    }
    const { uploads, hosts } = policy;
    const id = uploadIdOf(url);
    if (id !== undefined && uploads) return uploads.source(caller, id);
    if (isOnHost(url, hosts)) return url;
    const how = uploads
      ? 'send it as a data: address, or to POST /v1/uploads/presign'
      : 'send it as a data: address';
    throw refused(path, `images are not fetched from there: ${how}`);
  }
}

/** Engines know more fields that they fetch from: of sounds, of films, of images to make vectors of. */
const OTHERS = /^(audio|video|image)(_data)?$|^(?!image_)\w+_url$/;

function refuseOthers(fields: Record<string, unknown>, path: readonly (string | number)[]): void {
  const other = Object.keys(fields).find((name) => OTHERS.test(name));
  if (other !== undefined) throw refused([...path, other], 'only an image_url is passed on');
}

const refused = (path: readonly (string | number)[], problem: string) =>
  new InvalidRequestError('invalid_value', fieldPath(path), `${fieldPath(path)}: ${problem}`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function problemOfData(url: string): string | undefined {
  const [head, type] = DATA.exec(url) ?? [];
  if (head === undefined || !Object.hasOwn(MAGIC, type!))
    return `a data: address of an image is base64 of ${IMAGE_TYPES.join(', ')}`;
  const magic = MAGIC[type as (typeof IMAGE_TYPES)[number]];
  let bytes: string;
  try {
    bytes = atob(url.slice(head.length, head.length + MAGIC_LETTERS));
  } catch {
    return 'not base64';
  }
  const fits = [...magic].every((letter, i) => letter === '?' || letter === bytes[i]);
  return fits ? undefined : `says ${type}, and is none`;
}

/** By https, at its usual port, without a password. */
function isOnHost(text: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, host, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && hosts.includes(host);
}
