/** The `cria` command as a user runs it: its own process, its exit code, its two outputs. */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findModel } from '../../../models/catalogue.ts';
import { fakeHub } from '../../support/fake-hub.ts';
import { smollm2Path } from '../../support/smollm2.ts';
import { tinyLlama } from '../../support/tiny-llama.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'cria-cli-'));
});
afterAll(() => rmSync(home, { recursive: true }));

test('cria without a command lists the commands', async () => {
  const { code, stdout } = await cria([]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/pull .+\n +list .+\n +inspect .+\n +pack /);
});

test.each([
  { args: ['fly'], says: "there is no command 'fly'" },
  { args: ['toString'], says: "there is no command 'toString'" },
  { args: ['pull', '--fast'], says: "Unknown option '--fast'" },
  { args: ['pull', 'one', 'two'], says: 'pull takes one model, not 2' },
  { args: ['inspect'], says: 'inspect takes one file, not 0' },
  { args: ['pack'], says: 'pack takes one model, not 0' },
])('cria $args exits with 2 and says why', async ({ args, says }) => {
  const { code, stdout, stderr } = await cria(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test.each([
  ['pull', 'llama-9'],
  ['inspect', 'none.gguf'],
  ['pack', 'llama-9'],
  ['publish', 'llama-9', '--to', 'file:///tmp/none'],
  ['keys', 'revoke', 'nobody', '--file', 'none.json'],
  ['doctor', 'none.yaml'],
  ['plan', 'none.yaml'],
  ['emit', 'none.yaml', '--target', 'compose', '--out', 'none'],
  ['up', 'none.yaml'],
  ['down', 'none.yaml'],
])(
  'cria %s exits with 1 when what it names is not there, and with 2 for an option it does not know',
  async (...args) => {
    const [failed, wrong] = await Promise.all([cria(args), cria([...args, '--fast'])]);
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stderr + failed.stdout).not.toContain('    at '); // no stack
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
  },
);

test.each(['pull', 'list', 'inspect', 'pack', 'publish', 'plan'])(
  'cria %s --help says how it is used',
  async (command) => {
    const { code, stdout } = await cria([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^cria ${command} `));
  },
);

describe('cria pull', () => {
  test('names the models there are when it does not know one', async () => {
    const { code, stderr } = await cria(['pull', 'llama-9']);
    expect(code).toBe(1);
    expect(stderr).toContain("no model 'llama-9'; it has smollm2-135m-instruct-q4_1, ");
  });

  test('exits with 3 before a licence that is not accepted, and tells the way', async () => {
    await using hub = await fakeHub((_, response) => response.writeHead(403).end());
    const { code, stdout, stderr } = await cria(['pull', 'llama3.2:1b'], {
      HF_ENDPOINT: hub.url,
      HF_TOKEN: 'hf_x',
    });
    expect(code).toBe(3);
    expect(stdout).toContain('Built with Llama');
    expect(stderr).toContain(`open ${hub.url}/bartowski/Llama-3.2-1B-Instruct-GGUF`);
  });

  test('--json says all of it in JSON lines', async () => {
    await using hub = await fakeHub((_, response) => response.writeHead(404).end());
    const { code, stdout, stderr } = await cria(['pull', 'llama3.2:1b', '--json'], { HF_ENDPOINT: hub.url });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const lines = jsonLines(stdout);
    expect(lines.map(({ event }) => event)).toEqual(['licence', 'file', 'error']);
    expect(lines.at(-1)).toMatchObject({ code: 'source_unavailable' });
  });

  test('Ctrl-C exits with 130 and leaves what it has', async () => {
    const size = 807_694_464; // what the catalogue says of this model
    await using hub = await fakeHub((_, response) => {
      response.writeHead(200, { 'content-length': size }).write(new Uint8Array(100_000_000));
    });
    const { code, stderr } = await cria(
      ['pull', 'llama3.2:1b'],
      { HF_ENDPOINT: hub.url },
      (stdout, child) => {
        if (stdout.includes(' %')) child.kill('SIGINT');
      },
    );
    expect(code).toBe(130);
    expect(stderr).toContain('run the same command again');
    const folder = join(home, 'models', 'llama-3.2-1b-instruct-q4_k_m');
    expect(statSync(join(folder, 'Llama-3.2-1B-Instruct-Q4_K_M.gguf.partial')).size).toBeGreaterThan(
      80_000_000,
    );
  });
});

test('cria list shows what is here', async () => {
  const { stdout } = await cria(['list', '--json']);
  expect(jsonLines(stdout)[0]).toMatchObject({
    name: 'smollm2-135m-instruct-q4_1',
    pulled: false,
    packed: false,
  });
});

describe('cria inspect', () => {
  test('prints metadata and tensors', async () => {
    const { code, stdout } = await cria(['inspect', smollm2Path()]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^llama\.embedding_length +576$/m);
    expect(stdout).toMatch(/^tokenizer\.ggml\.merges +\["Ġ t", .+ items$/m);
    expect(stdout).toMatch(/^blk\.0\.attn_k\.weight +q4_1 +576 × 192 +33530176 +69120$/m);
    expect(stdout).toContain('272 tensors, ');
  });

  test('--json gives all of it', async () => {
    const { stdout } = await cria(['inspect', smollm2Path(), '--json']);
    const { metadata, tensors } = JSON.parse(stdout) as {
      metadata: Record<string, unknown>;
      tensors: object[];
    };
    expect(metadata['tokenizer.ggml.tokens']).toHaveLength(49_152);
    expect(metadata['tokenizer.ggml.token_type']).toHaveLength(49_152);
    expect(tensors).toHaveLength(272);
  });

  test('names the byte where a file is not GGUF', async () => {
    const path = join(home, 'not.gguf');
    writeFileSync(path, 'PK\u0003\u0004 and more than a header of bytes');
    const { code, stderr } = await cria(['inspect', path]);
    expect(code).toBe(1);
    expect(stderr).toContain('gguf: byte 0: magic is not "GGUF"');
  });
});

describe('cria pack', () => {
  test('packs a file beside it, and inspect says what it wrote', async () => {
    const path = join(home, 'tiny.gguf');
    copyFileSync(tinyLlama('q4_k').path, path);
    const { code, stdout, stderr } = await cria(['pack', path, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = jsonLines(stdout);
    expect(lines[0]).toEqual({ event: 'packing', file: 'tiny.gguf', layout: 'wasm-8x32/1' });
    expect(lines.at(-1)).toMatchObject({ event: 'packed', path: join(home, 'tiny.packed'), files: 3 });

    const inspected = await cria(['inspect', join(home, 'tiny.packed')]);
    expect(inspected.stdout).toContain('tiny.gguf, packed as wasm-8x32/1');
    expect(inspected.stdout).toMatch(/^weights-1-of-1\.safetensors +\d+ +[0-9a-f]{64}$/m);
  });

  test('packs a model of the catalogue where the servers look for it', async () => {
    const model = smollm2Path();
    const folder = join(home, 'models/smollm2-135m-instruct-q4_1');
    mkdirSync(folder, { recursive: true });
    symlinkSync(model, join(folder, basename(model)));
    const { code, stdout } = await cria(['pack', 'smollm2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^packing SmolLM2.+\n(.*\n)*packed into .+packed \(3 files, /);
    expect(readdirSync(join(folder, 'packed')).sort()).toEqual([
      'manifest.json',
      'tokenizer.safetensors',
      'weights-1-of-1.safetensors',
    ]);
    const [entry] = jsonLines((await cria(['list', '--json'])).stdout);
    expect(entry).toMatchObject({ pulled: true, packed: true });
  });

  test('says what to do first when the model is not here', async () => {
    const { code, stderr } = await cria(['pack', 'llama3.2:1b']);
    expect(code).toBe(1);
    expect(stderr).toContain("is missing: run 'cria pull llama3.2:1b' first");
  });

  test('leaves no manifest when the file is not what the catalogue says', async () => {
    const { name, files } = findModel('smollm2');
    const other = mkdtempSync(join(tmpdir(), 'cria-other-'));
    const path = join(other, 'models', name, files[0]!.name);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(tinyLlama('q4_0').path, path);
    const { code, stderr } = await cria(['pack', 'smollm2'], { CRIA_HOME: other });
    expect(code).toBe(1);
    expect(stderr).toContain(`the manifest says ${files[0]!.sha256}`);
    expect(readdirSync(join(dirname(path), 'packed'))).not.toContain('manifest.json');
    rmSync(other, { recursive: true });
  });
});

function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function cria(
  args: readonly string[],
  environment: Record<string, string> = {},
  onOutput: (stdout: string, child: ReturnType<typeof spawn>) => void = () => {},
): Promise<Outcome> {
  const child = spawn(process.execPath, ['models/cli/cria.ts', ...args], {
    env: { ...process.env, CRIA_HOME: home, ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput(stdout, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
