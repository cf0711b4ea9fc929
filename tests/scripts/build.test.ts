import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildAll } from '../../scripts/build.ts';

const MOST_BYTES = 800_000; // with zod's error messages in all its languages it would be 345,000 more

test("the Worker's text is short, and ASCII: one other character and V8 keeps all of it in two bytes each", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cria-build-'));
  await buildAll(folder);
  const text = await readFile(join(folder, 'edge/worker.js'));
  expect(text.length).toBeLessThan(MOST_BYTES);
  expect(text.filter((byte) => byte > 0x7f)).toHaveLength(0);
  await rm(folder, { recursive: true });
});
