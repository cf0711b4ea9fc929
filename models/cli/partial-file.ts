/** A file on its way in: `<path>.partial`, hashed as it grows, renamed to `<path>` when size and sha256 are right. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { IntegrityError } from '../errors.ts';
import { SizeError } from './errors.ts';

/** What is known about a file before it is here. */
export interface WantedFile {
  readonly name: string;
  readonly size: number; // bytes
  readonly sha256: string | undefined; // lower-case hex
}

export class PartialFile {
  readonly #path: string;
  readonly #wanted: WantedFile;
  readonly #handle: FileHandle;
  #hash: Hash;
  #length: number;

  private constructor(path: string, wanted: WantedFile, handle: FileHandle, hash: Hash, length: number) {
    this.#path = path;
    this.#wanted = wanted;
    this.#handle = handle;
    this.#hash = hash;
    this.#length = length;
  }

  /** Opens what an earlier run left behind, or an empty file. The bytes already there are hashed first. */
  static async open(path: string, wanted: WantedFile): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(partialPath(path), 'a');
    const hash = createHash('sha256');
    let length = 0;
    for await (const chunk of createReadStream(partialPath(path))) {
      hash.update(chunk as Buffer);
      length += (chunk as Buffer).length;
    }
    const partial = new PartialFile(path, wanted, handle, hash, length);
    if (length > wanted.size) await partial.restart();
    return partial;
  }

  /** Bytes that are here. */
  get length(): number {
    return this.#length;
  }

  get complete(): boolean {
    return this.#length === this.#wanted.size;
  }

  /** Throws SizeError when the source sends more than the catalogue says, before the surplus is written. */
  async append(chunk: Uint8Array): Promise<void> {
    if (this.#length + chunk.length > this.#wanted.size)
      throw new SizeError(this.#wanted.name, this.#wanted.size, this.#length + chunk.length);
    this.#hash.update(chunk);
    await this.#handle.writeFile(chunk); // 'a' mode: appends, and never writes half a chunk
    this.#length += chunk.length;
  }

  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#length = 0;
  }

  /** The server's name for the version these bytes belong to. */
  async etag(): Promise<string | undefined> {
    return readFile(etagPath(this.#path), 'utf8').catch(() => undefined);
  }

  async rememberEtag(etag: string | null): Promise<void> {
    if (etag === null || etag.startsWith('W/')) await rm(etagPath(this.#path), { force: true });
    else await writeFile(etagPath(this.#path), etag);
  }

  /**
   * Checks size and hash, then gives the file its name. Returns whether there was a sha256 to compare with.
   *
   * Throws   SizeError, IntegrityError; bytes with a wrong hash are removed
   */
  async commit(): Promise<boolean> {
    const { name, size, sha256 } = this.#wanted;
    if (!this.complete) throw new SizeError(name, size, this.#length);
    await this.#handle.sync();
    const actual = this.#hash.digest('hex');
    await this.close();
    await rm(etagPath(this.#path), { force: true });
    if (sha256 !== undefined && actual !== sha256) {
      await rm(partialPath(this.#path), { force: true });
      throw new IntegrityError(name, sha256, actual);
    }
    await rename(partialPath(this.#path), this.#path);
    return sha256 !== undefined;
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Bytes an earlier run left behind. */
export async function partialLength(path: string): Promise<number> {
  return stat(partialPath(path)).then(
    ({ size }) => size,
    () => 0,
  );
}

/** True when `path` holds the wanted bytes: the size, and with `hash` also the sha256, as far as they are known. */
export async function isWanted(
  path: string,
  wanted: { readonly size?: number | undefined; readonly sha256?: string | undefined },
  hash: boolean,
): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  );
  if (size < 0 || size !== (wanted.size ?? size)) return false;
  if (!hash || wanted.sha256 === undefined) return true;
  const sha256 = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    sha256.update(chunk as Buffer);
  return sha256.digest('hex') === wanted.sha256;
}

const partialPath = (path: string): string => `${path}.partial`;
const etagPath = (path: string): string => `${dirname(path)}/.${basename(path)}.etag`;
