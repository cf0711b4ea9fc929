import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAccess } from '../../../app/access/access.ts';
import { createFixedKeys } from '../../../app/access/key-source.ts';
import { createGateway } from '../../../app/gateway/gateway.ts';
import { Routes } from '../../../app/gateway/schema.ts';
import { PresignedUpload, type Uploads } from '../../../app/gateway/uploads.ts';

const ID = '00000000-0000-4000-8000-000000000001';
const PNG = `data:image/png;base64,${Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1').toString('base64')}`;
const routes = Routes.parse({
  backends: [{ name: 'gpu', url: 'http://gpu:1/v1', model: 'm' }],
  routes: [
    { model: 'vision', to: [{ backend: 'gpu', weight: 1 }], overflow: [], contextLength: 9, licence: 'MIT' },
  ],
  keeper: 'gpu',
});
const uploads: Uploads = {
  maxBytes: 5_000_000,
  target: async (caller, id, { bytes, type }) => ({
    url: `https://bucket/${caller}/${id}`,
    headers: { 'content-type': type, 'content-length': String(bytes) },
    expiresAtMs: 1_600_000,
  }),
  source: async (caller, id) => `https://bucket/${caller}/${id}?signed`,
};

function setUp(
  options: { readonly hosts?: string[]; readonly keys?: string; readonly uploads?: Uploads } = {},
) {
  const asked: string[] = [];
  const { app } = createGateway({
    routes,
    access: options.keys ? createAccess({ keys: createFixedKeys(options.keys), now: () => 0 }) : undefined,
    fetch: async (url, init) => {
      asked.push(await new Request(url, init).text());
      return Response.json({});
    },
    nowMs: () => 1_000_000,
    secret: () => undefined,
    pause: () => new Promise(() => {}),
    images: { uploads: options.uploads, hosts: options.hosts ?? [] },
    startMs: 1,
    newId: () => ID,
    random: () => 0,
    log: () => {},
    maxBodyBytes: 2_000,
    timeoutMs: 1_000,
  });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, { method: 'POST', body: JSON.stringify(body), headers });
  const chat = (url: unknown, headers?: Record<string, string>) => {
    const content = [
      { type: 'text', text: 'what is it?' },
      { type: 'image_url', image_url: { url, detail: 'low' } },
    ];
    return post('/v1/chat/completions', { model: 'vision', messages: [{ role: 'user', content }] }, headers);
  };
  return { app, post, chat, asked };
}

describe('an image that stands in a request', () => {
  test('passes as it is, when it is what it says', async () => {
    const { chat, asked } = setUp();
    expect((await chat(PNG)).status).toBe(200);
    expect(JSON.parse(asked[0]!).messages[0].content[1].image_url).toEqual({ url: PNG, detail: 'low' });
  });

  test.each([
    ['of a page', `data:text/html;base64,${Buffer.from('<html>').toString('base64')}`],
    [
      'of a vector drawing, which may fetch',
      `data:image/svg+xml;base64,${Buffer.from('<svg>').toString('base64')}`,
    ],
    ['not in base64', 'data:image/png,xyz'],
    ['of another type than it says', PNG.replace('png', 'jpeg')],
    ['cut off', 'data:image/png;base64,iVBO'],
    ['no base64 at all', 'data:image/png;base64,%%%%'],
  ])('is refused when it is %s', async (_, url) => {
    const { chat, asked } = setUp();
    const reply = await chat(url);
    expect(reply.status).toBe(400);
    expect((await reply.json()).error.param).toBe('messages[0].content[1].image_url.url');
    expect(asked).toEqual([]);
  });
});

describe('an image that the backend would fetch', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://localhost:8787/v1/files',
    'https://example.com/cat.png',
    'https://images.example.com.evil.example/cat.png',
    'https://images.example.com:8443/cat.png',
    'https://user:password@images.example.com/cat.png',
    'http://images.example.com/cat.png',
    'file:///etc/passwd',
    'https://images.example.com@10.0.0.1/',
    '/etc/passwd',
    's3://bucket/key',
    'upload://img-1/../../x',
    '',
  ])('is refused: %s', async (url) => {
    const { chat, asked } = setUp({ hosts: ['images.example.com'], uploads });
    expect((await chat(url)).status).toBe(400);
    expect(asked).toEqual([]);
  });

  test('passes from a host that the operator allows', async () => {
    const { chat, asked } = setUp({ hosts: ['images.example.com'] });
    expect((await chat('https://images.example.com/cat.png')).status).toBe(200);
    expect(asked[0]).toContain('https://images.example.com/cat.png');
  });

  test('is refused in a response’s input, too, and in other fields that engines fetch from', async () => {
    const { post, asked } = setUp();
    const message = (part: object) => [{ role: 'user', content: [part] }];
    const at = 'http://10.0.0.1/';
    const bodies = [
      ['/v1/responses', { input: message({ type: 'input_image', image_url: at }) }],
      ['/v1/responses', { input: message({ type: 'input_file', file_url: at }) }],
      ['/v1/chat/completions', { messages: message({ type: 'audio_url', audio_url: { url: at } }) }],
      ['/v1/chat/completions', { messages: message({ type: 'video_url', video_url: { url: at } }) }],
      ['/v1/chat/completions', { messages: message({ type: 'image_url', image_url: 7 }) }],
      ['/v1/embeddings', { input: [{ image: at }] }],
    ] as const;
    for (const [path, body] of bodies)
      expect((await post(path, { model: 'vision', ...body })).status).toBe(400);
    expect(asked).toEqual([]);
  });
});

describe('a large image', () => {
  test('is told where to go', async () => {
    const { post, chat } = setUp({ uploads });
    for (const reply of [
      await chat(`${PNG}${'A'.repeat(3_000)}`),
      await post('/v1/responses', { model: 'vision', input: 'x'.repeat(3_000) }),
    ]) {
      expect(reply.status).toBe(413);
      const { error } = await reply.json();
      expect(error.code).toBe('upload_required');
      expect(error.message).toContain('POST /v1/uploads/presign');
    }
  });

  test('is just too large where there are no uploads', async () => {
    const { chat, post } = setUp();
    expect((await (await chat('x'.repeat(3_000))).json()).error.code).toBe('body_too_large');
    expect((await post('/v1/uploads/presign', { bytes: 1, mime_type: 'image/png' })).status).toBe(200); // the keeper's
  });

  test('gets an address for just its bytes and type, and a name, which becomes an address for the backend', async () => {
    const { post, chat, asked } = setUp({ uploads });
    const reply = await post('/v1/uploads/presign', { bytes: 4_000_000, mime_type: 'image/jpeg' });
    expect(reply.status).toBe(200);
    const upload = PresignedUpload.parse(await reply.json());
    expect(upload).toEqual({
      id: `img-${ID}`,
      object: 'upload.presigned',
      method: 'PUT',
      url: `https://bucket/anonymous/img-${ID}`,
      headers: { 'content-type': 'image/jpeg', 'content-length': '4000000' },
      expires_at: 1_600,
      image_url: `upload://img-${ID}`,
    });
    expect((await chat(upload.image_url)).status).toBe(200);
    expect(JSON.parse(asked[0]!).messages[0].content[1].image_url.url).toBe(
      `https://bucket/anonymous/img-${ID}?signed`,
    );
  });

  test('is its sender’s: the same name in another’s request is another image', async () => {
    const keys = ['anna', 'ben'].map((id) => ({
      id,
      sha256: createHash('sha256').update(`sk-${id}`).digest('hex'),
    }));
    const { post, chat, asked } = setUp({ uploads, keys: JSON.stringify({ keys }) });
    const as = (id: string) => ({ authorization: `Bearer sk-${id}` });
    expect((await post('/v1/uploads/presign', { bytes: 1, mime_type: 'image/png' })).status).toBe(401);
    const upload = await post('/v1/uploads/presign', { bytes: 1, mime_type: 'image/png' }, as('anna'));
    const { url, image_url } = await upload.json();
    expect(url).toContain('/anna/');
    await chat(image_url, as('ben'));
    expect(asked[0]).toContain('/ben/');
    expect(asked[0]).not.toContain('/anna/');
  });

  test.each([
    [{ bytes: 5_000_001, mime_type: 'image/png' }, 'bytes'],
    [{ bytes: 0, mime_type: 'image/png' }, 'bytes'],
    [{ bytes: 1.5, mime_type: 'image/png' }, 'bytes'],
    [{ bytes: 1, mime_type: 'image/svg+xml' }, 'mime_type'],
    [{ bytes: 1 }, 'mime_type'],
    [{ bytes: 1, mime_type: 'image/png', key: '../../models/x' }, 'key'],
  ])('is not taken as %j', async (body, field) => {
    const reply = await setUp({ uploads }).post('/v1/uploads/presign', body);
    expect(reply.status).toBe(400);
    expect((await reply.json()).error.param).toBe(field);
  });
});
