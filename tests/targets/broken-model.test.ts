/** A model file that is damaged: each request says so, the log says where, and the server lives on. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { smollm2Path } from '../support/smollm2.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const HEADER = 2 << 20; // bytes that have all of the header in them, and some of the weights
const TENSOR = 'token_embd.weight';
const AFTER_NAME = 4 + 2 * 8; // bytes of a matrix' shape; its type is next

const DAMAGES: readonly { damage: string; apply: (file: Buffer) => Buffer; says: string }[] = [
  {
    damage: 'cut off in its header',
    apply: (file) => file.subarray(0, HEADER / 2),
    says: 'the file ends at',
  },
  { damage: 'cut off in its weights', apply: (file) => file, says: `the file at ${HEADER}` },
  { damage: 'with a bit flipped', apply: flipType, says: `'${TENSOR}' has type number` },
];

function flipType(file: Buffer): Buffer {
  const flipped = Buffer.from(file);
  flipped[flipped.indexOf(TENSOR) + TENSOR.length + AFTER_NAME]! ^= 0x80;
  return flipped;
}

let folder: string;
let file: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-broken-'));
  await using handle = await open(smollm2Path());
  file = (await handle.read(Buffer.alloc(HEADER), 0, HEADER, 0)).buffer;
});
afterAll(() => rm(folder, { recursive: true }));

describe.each([
  { door: 'node', start: openNode },
  { door: 'workerd', start: openWorkerd },
])('behind the $door door', ({ start }) => {
  test.each(DAMAGES)('a model file $damage', async ({ damage, apply, says }) => {
    const model = join(folder, damage.replaceAll(' ', '-'));
    await writeFile(model, apply(file));
    let log = '';
    await using door = await start({
      model,
      onLog: (line) => {
        log += `${line}\n`;
      },
    });
    const send = (path: string, init?: RequestInit) => checkedFetch(new URL(path, door.url), init);

    const body = JSON.stringify({ model: CATALOGUE[0]!.id, prompt: 'Once upon', stream: true });
    for (let attempt = 0; attempt < 2; attempt++) {
      const response = await send('/v1/completions', { method: 'POST', body });
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({ error: { code: 'internal', type: 'server_error' } });
    }
    await expect.poll(() => log).toContain('FormatError');
    expect(log).toContain(says);

    expect((await send('/v1/models')).status).toBe(200);
    const health = await send('/v1/health');
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ state: 'failed' });
  });
});
