/** A packed model to a bucket and back, through a server that checks every signature and may fail at any moment. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findModel } from '../../../../models/catalogue.ts';
import type { CliEvent } from '../../../../models/cli/events.ts';
import { packedFolder } from '../../../../models/cli/home.ts';
import { publish } from '../../../../models/cli/stores/publish.ts';
import { pullPublished } from '../../../../models/cli/stores/pull-published.ts';
import { createS3Client } from '../../../../models/cli/stores/s3-client.ts';
import { s3Store } from '../../../../models/cli/stores/s3-store.ts';
import type { Store } from '../../../../models/cli/stores/store.ts';
import { type FakeS3, type FakeS3Options, fakeS3 } from '../../../support/fake-s3.ts';
import { type PackedFolder, writePackedFolder } from '../../../support/packed-folder.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const PART = 5 << 20; // S3 takes no smaller one
const ENTRY = findModel('llama-guard-3-1b-q8_0'); // the catalogue knows no sha256 of it
const ROOT = `team/models/${ENTRY.name}`;
const noise = (length: number, seed: number) => {
  const block = createHash('sha512').update(String(seed)).digest();
  return Buffer.alloc(length, block);
};

let home: string;
let packed: PackedFolder;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'cria-s3-'));
  packed = await writePackedFolder(packedFolder(join(home, 'here'), ENTRY), [
    noise(2 * PART + 12_345, 1), // three parts
    noise(1000, 2),
  ]);
});
afterEach(() => rmSync(home, { recursive: true }));

const open = (server: FakeS3): Store =>
  s3Store(
    createS3Client({
      name: 's3://weights/team',
      endpoint: server.url,
      region: 'eu-west-1',
      bucket: 'weights',
      credentials: KEYS,
      pauseMs: 1,
    }),
    { name: 's3://weights/team', prefix: 'team/', partBytes: PART },
  );
const fake = (trouble?: FakeS3Options['trouble']) => fakeS3({ ...KEYS, ...(trouble ? { trouble } : {}) });

async function published(store: Store, options: { dryRun?: boolean } = {}): Promise<CliEvent[]> {
  const events: CliEvent[] = [];
  await publish(store, ENTRY, {
    folder: packedFolder(join(home, 'here'), ENTRY),
    dryRun: options.dryRun ?? false,
    report: (event) => events.push(event),
    signal: new AbortController().signal,
    now: () => 0,
  });
  return events;
}

const THERE = () => packedFolder(join(home, 'there'), ENTRY);
async function pulled(store: Store, version?: string, verify = true): Promise<CliEvent[]> {
  const events: CliEvent[] = [];
  await pullPublished(store, ENTRY, {
    home: join(home, 'there'),
    version,
    report: (event) => events.push(event),
    signal: new AbortController().signal,
    now: () => 0,
    verify,
  });
  return events;
}

const names = (events: readonly CliEvent[]) =>
  events.map(({ event }) => event).filter((event) => event !== 'progress');

function expectWhole({ files }: PackedFolder): void {
  expect(readdirSync(THERE()).sort()).toEqual([...files.keys()].sort());
  for (const [name, bytes] of files) expect(readFileSync(join(THERE(), name)).equals(bytes), name).toBe(true);
}

describe('publish() and pullPublished()', () => {
  test('bring every byte there, named by what it is, and back', async () => {
    await using server = await fake();
    const events = await published(open(server));
    expect(events.at(-1)).toMatchObject({ event: 'published', version: packed.version });
    const current = server.objects.get(`${ROOT}/current.json`)!.bytes;
    expect(JSON.parse(current.toString())).toEqual({ model: ENTRY.name, version: packed.version });
    for (const [name, bytes] of packed.files)
      expect(server.objects.get(`${ROOT}/${packed.version}/${name}`)?.bytes.equals(bytes), name).toBe(true);
    expect(server.objects.size).toBe(packed.files.size + 1);

    await pulled(open(server));
    expectWhole(packed);
    expect(names(await pulled(open(server)))).toEqual(['present']);
  });

  test('send nothing twice, and with --dry-run nothing at all', async () => {
    await using server = await fake();
    const dry = await published(open(server), { dryRun: true });
    expect(names(dry)).toEqual(['would_send', 'would_send', 'would_send', 'would_send', 'published']);
    expect(server.requests.every((line) => line.startsWith('HEAD'))).toBe(true);
    expect(server.objects.size).toBe(0);

    await published(open(server));
    const before = server.requests.length;
    expect(names(await published(open(server)))).toEqual(['held', 'held', 'held', 'held', 'published']);
    const writes = server.requests.slice(before).filter((line) => !line.startsWith('HEAD'));
    expect(writes).toEqual([`PUT /weights/${ROOT}/current.json?`]);
  });

  test('an object of the right size with other bytes is sent again', async () => {
    await using server = await fake();
    await published(open(server));
    const key = `${ROOT}/${packed.version}/weights-2-of-2.safetensors`;
    server.objects.set(key, { bytes: Buffer.alloc(1000), sha256: '0'.repeat(64) });
    expect(names(await published(open(server))).filter((name) => name === 'sending')).toHaveLength(1);
    expect(server.objects.get(key)!.bytes.equals(packed.files.get('weights-2-of-2.safetensors')!)).toBe(true);
  });

  test('an upload that was cut goes on behind the parts that came', async () => {
    let isDown = false;
    const puts: string[] = [];
    await using server = await fake((line) => {
      if (isDown && line.includes('partNumber=3')) return 400;
      if (line.startsWith('PUT')) puts.push(line);
      return undefined;
    });
    isDown = true;
    await expect(published(open(server))).rejects.toThrow('HTTP 400 Trouble');
    expect(server.objects.has(`${ROOT}/current.json`)).toBe(false); // nobody is told of half a version
    isDown = false;
    puts.length = 0;
    await published(open(server));
    const parts = puts.flatMap((line) => /partNumber=(\d)/.exec(line)?.[1] ?? []);
    expect(parts).toEqual(['3']);
    await pulled(open(server));
    expectWhole(packed);
  });

  test('a server that breaks off and overloads is asked again', async () => {
    let asked = 0;
    await using server = await fake(() => [undefined, 'cut', undefined, 503][asked++ % 4] as 'cut' | 503);
    await published(open(server));
    await pulled(open(server));
    expectWhole(packed);
  });

  test('a download that was cut goes on where it was', async () => {
    let isDown = true;
    await using server = await fake((line) =>
      isDown && line.startsWith('GET') && line.includes('tokenizer') ? 404 : undefined,
    );
    await published(open(server));
    const shard = join(THERE(), 'weights-1-of-2.safetensors');
    await expect(pulled(open(server))).rejects.toThrow('HTTP 404');
    expect(readdirSync(THERE())).not.toContain('manifest.json'); // half a model is none
    writeFileSync(`${shard}.partial`, packed.files.get('weights-1-of-2.safetensors')!.subarray(0, PART));
    isDown = false;
    await pulled(open(server));
    expectWhole(packed);
  });

  test('what an older version left, whole or half, is not taken for the new one’s', async () => {
    await using server = await fake();
    await published(open(server));
    const older = packed.version;
    await pulled(open(server));
    packed = await writePackedFolder(packedFolder(join(home, 'here'), ENTRY), [
      noise(2 * PART + 12_345, 3), // as long as before, and of the same name
      noise(1000, 2),
    ]);
    await published(open(server));
    writeFileSync(join(THERE(), 'weights-1-of-2.safetensors.partial'), noise(PART, 1));
    await pulled(open(server), undefined, false);
    expectWhole(packed);

    await pulled(open(server), older, false); // and back
    expect(
      createHash('sha256')
        .update(readFileSync(join(THERE(), 'manifest.json')))
        .digest('hex'),
    ).toBe(older);
  });
});

describe('what is wrong is refused', () => {
  test.each([
    { what: 'a shard', file: 'weights-1-of-2.safetensors' },
    { what: 'the manifest', file: 'manifest.json' },
  ])('$what with one other bit, by its sha256', async ({ file }) => {
    await using server = await fake();
    await published(open(server));
    const key = `${ROOT}/${packed.version}/${file}`;
    const bytes = Buffer.from(server.objects.get(key)!.bytes);
    bytes[bytes.length - 2]! ^= 1;
    server.objects.set(key, { bytes, sha256: undefined });
    await expect(pulled(open(server))).rejects.toMatchObject({ code: 'model_integrity' });
    expect(existsSync(join(THERE(), 'manifest.json'))).toBe(false);
  });

  test('a file that has changed since it was packed is not published', async () => {
    writeFileSync(
      join(packedFolder(join(home, 'here'), ENTRY), 'weights-1-of-2.safetensors'),
      noise(2 * PART + 12_345, 9),
    );
    await using server = await fake();
    await expect(published(open(server))).rejects.toThrow(
      "has changed while it was sent: run 'cria pack' again",
    );
    expect(server.objects.has(`${ROOT}/current.json`)).toBe(false);
  });

  test.each([
    { what: 'a wrong key', keys: { ...KEYS, secretAccessKey: 'other' }, says: 'HTTP 403' },
    { what: 'an unknown user', keys: { ...KEYS, accessKeyId: 'other' }, says: 'HTTP 403' },
  ])('$what, once, and neither is in the message', async ({ keys, says }) => {
    await using server = await fakeS3(keys);
    const error = await published(open(server)).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toContain(says);
    expect(error?.message).toContain('these credentials may not do that');
    expect(error?.message).not.toMatch(/AKID|wJalr/);
    expect(server.requests).toHaveLength(1);
  });

  test('a model that nobody published says what to do', async () => {
    await using server = await fake();
    await expect(pulled(open(server))).rejects.toThrow(
      `s3://weights/team has no ${ENTRY.name}: 'cria pack ${ENTRY.name}' and 'cria publish`,
    );
  });

  test('a store that sends more than was asked for', async () => {
    await using server = await fake();
    await published(open(server));
    server.objects.set(`${ROOT}/current.json`, { bytes: Buffer.alloc(5000), sha256: undefined });
    await expect(pulled(open(server))).rejects.toThrow('more than the 4096 bytes');
  });
});
