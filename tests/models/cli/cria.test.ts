/** The `cria` command as a user runs it: its own process, its exit code, its two outputs. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeHub } from '../../support/fake-hub.ts';
import { smollm2Path } from '../../support/smollm2.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'cria-cli-'));
});
afterAll(() => rmSync(home, { recursive: true }));

test('cria without a command lists the commands', async () => {
  const { code, stdout } = await cria([]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/pull .+\n +list .+\n +inspect /);
});

test.each([
  { args: ['fly'], says: "there is no command 'fly'" },
  { args: ['pull', '--fast'], says: "Unknown option '--fast'" },
  { args: ['pull', 'one', 'two'], says: 'pull takes one model, not 2' },
  { args: ['inspect'], says: 'inspect takes one file, not 0' },
])('cria $args exits with 2 and says why', async ({ args, says }) => {
  const { code, stdout, stderr } = await cria(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test.each(['pull', 'list', 'inspect'])('cria %s --help says how it is used', async (command) => {
  const { code, stdout } = await cria([command, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^cria ${command} `));
});

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
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
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
        if (stdout.includes('10 %')) child.kill('SIGINT');
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
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; pulled: boolean });
  expect(entries[0]).toMatchObject({ name: 'smollm2-135m-instruct-q4_1', pulled: false });
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
