/** A whole site on this machine, as a user runs it, with the real default model behind both doors. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { whyTaken } from '../../../infra/single-node/free-port.ts';
import { runningGroups } from '../../../infra/single-node/process-group.ts';
import { CATALOGUE } from '../../../models/catalogue.ts';
import { filePath } from '../../../models/cli/pull.ts';
import { smollm2Path } from '../../support/smollm2.ts';

interface Started {
  readonly url: string;
  readonly supervisor: number;
  readonly processes: readonly { readonly name: string; readonly port: number; readonly pid: number }[];
}

const MODEL = CATALOGUE[0]!.id;
const TIME = 300_000;

let home: string;
let file: string;
let ports: readonly number[];

const cria = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['models/cli/cria.ts', ...args], {
    env: { ...process.env, CRIA_HOME: home },
  }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({
      code: code as number,
      stdout: stdout as string,
      stderr: stderr as string,
    }),
  );

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cria-up-'));
  const link = filePath(home, CATALOGUE[0]!, CATALOGUE[0]!.files[0]!);
  await mkdir(dirname(link), { recursive: true });
  await symlink(smollm2Path(), link);
  ports = await freePorts(3);
  file = join(home, 'site.yaml');
  await writeFile(
    file,
    JSON.stringify({
      name: 'lab',
      gateway: { port: ports[0] },
      models: [
        { id: 'smollm2', name: 'edge', engine: 'edge', port: ports[1], context: 512, concurrency: 2 },
        {
          id: 'smollm2',
          name: 'node',
          engine: 'node',
          port: ports[2],
          context: 512,
          concurrency: 2,
          cpus: 1,
        },
      ],
      routes: [
        { model: MODEL, to: 'edge', overflow: ['node'] },
        { model: 'in-node', to: 'node' },
      ],
    }),
  );
});
afterAll(async () => {
  await cria('down', file);
  await rm(home, { recursive: true });
});

describe('cria up', () => {
  let started: Started;
  const chat = async (model: string) => {
    const reply = await fetch(`${started.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: 'Hello!' }],
        max_tokens: 4,
        temperature: 0,
      }),
    });
    const text = await reply.text();
    expect(reply.status, text).toBe(200);
    return {
      from: reply.headers.get('x-cria-backend'),
      says: (JSON.parse(text) as { choices: [{ message: { content: string } }] }).choices[0].message.content,
    };
  };

  test('starts everything and returns when it is well', { timeout: TIME }, async () => {
    const { code, stdout, stderr } = await cria('up', file, '--json');
    expect(code, stderr).toBe(0);
    started = JSON.parse(stdout) as Started;
    expect(started.processes.map(({ name, port }) => [name, port])).toEqual([
      ['gateway', ports[0]],
      ['edge', ports[1]],
      ['node', ports[2]],
    ]);
  });

  test('answers through the gateway from workerd and from Node, in the same words', {
    timeout: TIME,
  }, async () => {
    await chat('in-node');
    const node = await chat('in-node');
    expect(node.from).toBe('node');
    await vi.waitFor(async () => expect((await chat(MODEL)).from).toBe('edge'), {
      timeout: 60_000,
      interval: 1000,
    });
    expect((await chat(MODEL)).says).toBe(node.says);
  });

  test('refuses a second time, and leaves the first alone', { timeout: TIME }, async () => {
    const { code, stderr } = await cria('up', file);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("site lab runs already: 'cria down' stops it"),
    });
    expect((await chat('in-node')).from).toBe('node');
  });

  test('a killed backend is stood in for at once, and comes back', { timeout: TIME }, async () => {
    const { pid } = started.processes[1]!;
    process.kill(-pid, 'SIGKILL'); // its workerd too: that would still answer for a moment
    expect((await chat(MODEL)).from).toBe('node');
    await vi.waitFor(async () => expect((await chat(MODEL)).from).toBe('edge'), {
      timeout: 60_000,
      interval: 500,
    });
    const status = JSON.parse(await readFile(join(home, 'sites/lab/status.json'), 'utf8')) as {
      processes: { name: string; pid: number; starts: number }[];
    };
    expect(status.processes[1]).toMatchObject({ name: 'edge', starts: 2 });
    started = {
      ...started,
      processes: started.processes.map((one, i) => ({ ...one, pid: status.processes[i]!.pid })),
    };
  });

  test('cria down leaves no process and no port, and of files only what was stored', {
    timeout: TIME,
  }, async () => {
    const { code, stdout } = await cria('down', file, '--json');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"site":"lab","stopped":true}\n' });
    for (const group of [started.supervisor, ...started.processes.map(({ pid }) => pid)])
      expect((await runningGroups()).has(group)).toBe(false);
    for (const port of ports) expect(await whyTaken('127.0.0.1', port)).toBeUndefined();
    expect(await readdir(join(home, 'sites/lab'))).toEqual(['state']);
  });

  test('with --volumes not even that, and a second time is no error', { timeout: TIME }, async () => {
    const { code, stdout } = await cria('down', file, '--volumes');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'site lab did not run\n' });
    expect((await readdir(home)).sort()).toEqual(['models', 'site.yaml']);
  });

  test('a site whose port is taken does not come up, and leaves nothing running', {
    timeout: TIME,
  }, async () => {
    const server = createServer().listen(ports[1], '127.0.0.1');
    try {
      const { code, stderr } = await cria('up', file);
      expect(code).toBe(1);
      expect(stderr).toContain(`127.0.0.1:${ports[1]} is taken`);
      expect((await readdir(home)).sort()).toEqual(['models', 'site.yaml']);
    } finally {
      server.close();
    }
  });
});

test('a secret that is not set is asked for by name, before anything is fetched', async () => {
  const site = join(home, 'keys.yaml');
  await writeFile(
    site,
    JSON.stringify({
      name: 'keys',
      gateway: { port: ports[0], auth: { type: 'bearer', secret: 'LAB_KEYS' } },
      models: [{ id: 'llama-3.2-1b-instruct-q4_0', engine: 'node', port: ports[1] }], // nobody has fetched it
    }),
  );
  expect(await cria('up', site)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: secrets: set LAB_KEYS in the environment\n',
  });
  await rm(site);
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const found = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}
