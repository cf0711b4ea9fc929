/** Bytes that are not the catalogue's are seen before the first token, by the store or on the way. */
import { copyFile, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { openR2 } from '../support/r2-door.ts';
import { smollm2Path } from '../support/smollm2.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const AMONG_WEIGHTS = 60_000_000;

let folder: string;
let flipped: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-integrity-'));
  flipped = join(folder, 'flipped.gguf');
  await copyFile(smollm2Path(), flipped);
  await using file = await open(flipped, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, AMONG_WEIGHTS);
  await file.write(Buffer.of(buffer[0]! ^ 1), 0, 1, AMONG_WEIGHTS);
});
afterAll(() => rm(folder, { recursive: true }));

const ask = (url: URL) =>
  checkedFetch(new URL('/v1/completions', url), {
    method: 'POST',
    body: JSON.stringify({
      model: CATALOGUE[0]!.id,
      prompt: 'The capital of France is',
      max_tokens: 4,
      temperature: 0,
    }),
  });

describe.each([
  { door: 'node', start: openNode },
  { door: 'workerd', start: openWorkerd },
  { door: 'workerd with R2', start: openR2 }, // a model given by its path lies there without a sha256
])('behind the $door door', ({ start }) => {
  test('the right bytes are loaded', async () => {
    await using door = await start({ model: smollm2Path() });
    expect(await (await ask(door.url)).text()).toContain('Paris');
  });

  test('one wrong bit among the weights is seen', async () => {
    let log = '';
    await using door = await start({
      model: flipped,
      onLog: (line) => {
        log += line;
      },
    });
    expect((await ask(door.url)).status).toBe(500);
    await expect.poll(() => log).toContain('IntegrityError');
    expect(log).toContain(`the manifest says ${CATALOGUE[0]!.files[0]!.sha256}`);
  });
});
