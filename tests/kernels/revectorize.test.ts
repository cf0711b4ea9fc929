/** V8 can be told to join neighbouring 128-bit operations to 256-bit ones. Operators may; results must not change. */
import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const OPTIMISED_AT_ONCE = '--no-liftoff';
const REVECTORIZE = ['--experimental-wasm-revectorize', '--trace-wasm-revectorize'];
const FORMATS_TIMES_BATCHES = 22;
const FUNCTIONS = 12; // all that multiply, but for one token against q4_k and q6_k

/** Through a file: what V8 itself prints to a pipe is lost when that is full. */
function output(flags: readonly string[]): string[] {
  const script = new URL('../support/product-hashes.ts', import.meta.url).pathname;
  using folder = mkdtempDisposableSync(join(tmpdir(), 'cria-revectorize-'));
  const file = join(folder.path, 'out');
  const stdio = ['ignore', openSync(file, 'w'), 'inherit'] as const;
  const { status } = spawnSync(process.execPath, [OPTIMISED_AT_ONCE, ...flags, script], {
    stdio: [...stdio],
  });
  expect(status).toBe(0);
  return readFileSync(file, 'utf8').split('\n');
}

const products = (lines: readonly string[]) => lines.filter((line) => line.startsWith('product '));

test('every product is the same bits when V8 revectorizes the kernels', () => {
  const [plain, joined] = [output([]), output(REVECTORIZE)];
  expect(products(plain)).toHaveLength(FORMATS_TIMES_BATCHES);
  expect(products(joined)).toEqual(products(plain));

  if (process.arch !== 'x64') return; // only there has V8 256-bit operations
  const functions = joined.filter((line) => /Decide to vectorize, [1-9]\d+ revectorizable nodes/.test(line));
  expect(functions).toHaveLength(FUNCTIONS);
});
