import { NotFoundError } from 'openai';
import { describe, expect, test } from 'vitest';
import { BusyError, InvalidPromptError } from '../../engine/errors.ts';
import { chat, chats, connectBatches as connect, refusing } from '../support/batches-client.ts';
import { MODEL, START_MS } from '../support/test-app.ts';

const HOUR_MS = 60 * 60 * 1000;
const START = Math.floor(START_MS / 1000);

describe('a batch', () => {
  test('is answered line by line, at low priority, by the routes that answer anyone', async () => {
    const { batches, create, read, runAll, engine, client, wakes } = connect();
    const made = await create(`${chats(3)}\n\n${chat('bad', { temperature: 9 })}\n`, {
      metadata: { a: 'b' },
    });
    expect(made).toMatchObject({
      object: 'batch',
      endpoint: '/v1/chat/completions',
      status: 'validating',
      created_at: START,
      expires_at: START + 24 * 3600,
      request_counts: { total: 0, completed: 0, failed: 0 },
      metadata: { a: 'b' },
    });
    expect(wakes.count).toBe(1);

    await runAll();
    const done = await batches.retrieve(made.id);
    expect(done).toMatchObject({
      status: 'completed',
      in_progress_at: START,
      finalizing_at: START,
      completed_at: START,
      request_counts: { total: 4, completed: 3, failed: 1 },
      usage: { input_tokens: 15, output_tokens: 6, total_tokens: 21 },
    });
    const output = await read(done.output_file_id);
    expect(output.map(({ custom_id }) => custom_id)).toEqual(['line-0', 'line-1', 'line-2']);
    expect(output[0]).toMatchObject({
      id: expect.stringMatching(/^batch_req_/),
      response: {
        status_code: 200,
        request_id: expect.any(String),
        body: { object: 'chat.completion', choices: [{ message: { content: 'Hello world' } }] },
      },
      error: null,
    });
    expect(await read(done.error_file_id)).toMatchObject([
      { custom_id: 'bad', response: { status_code: 400, body: { error: { param: 'temperature' } } } },
    ]);
    expect(engine.requests.map(({ priority }) => priority)).toEqual(['low', 'low', 'low']);

    const { data } = await client.files.list({ purpose: 'batch_output' });
    expect(data.map(({ filename }) => filename).sort()).toEqual([
      `${made.id}_errors.jsonl`,
      `${made.id}_output.jsonl`,
    ]);
  });

  test.each([
    ['/v1/completions', { model: MODEL, prompt: 'a' }, 'text_completion'],
    ['/v1/responses', { model: MODEL, input: 'a' }, 'response'],
  ])('is of %s, too', async (endpoint, body, object) => {
    const { batches, create, read, runAll } = connect();
    const line = JSON.stringify({ custom_id: 'a', method: 'POST', url: endpoint, body });
    const { id } = await create(line, { endpoint });
    await runAll();
    const { output_file_id, usage } = await batches.retrieve(id);
    expect((await read(output_file_id))[0].response.body.object).toBe(object);
    expect(usage!.total_tokens).toBe(7);
  });

  test('does several lines at once, each once', async () => {
    const { batches, create, read, runAll, engine } = connect({}, 4);
    const { id } = await create(chats(11));
    await runAll();
    const { output_file_id } = await batches.retrieve(id);
    const ids = (await read(output_file_id)).map(({ custom_id }) => custom_id);
    expect(ids.toSorted()).toEqual(Array.from({ length: 11 }, (_, i) => `line-${i}`).toSorted());
    expect(engine.requests.length).toBe(11);
  });

  test('goes on after a restart with what has no result, and does no line twice', async () => {
    const stuck = Promise.withResolvers<void>();
    const { batches, create, read, turn, runAll, engine } = connect(
      { each: [['0'], [stuck.promise, '1'], ['2'], ['3'], ['1 again']], steps: ['more'] },
      2,
    );
    const { id } = await create(chats(5));
    await turn(); // validates
    const killed = new AbortController();
    const dying = turn(4, killed.signal).catch(() => {});
    await expect.poll(async () => (await batches.retrieve(id)).request_counts!.completed).toBe(3);
    killed.abort();
    await dying;

    await runAll();
    const done = await batches.retrieve(id);
    expect(done).toMatchObject({
      status: 'completed',
      request_counts: { total: 5, completed: 5, failed: 0 },
    });
    const said = (await read(done.output_file_id)).map(({ custom_id, response }) => [
      custom_id,
      response.body.choices[0].message.content,
    ]);
    expect(Object.fromEntries(said)).toEqual({
      'line-0': '0',
      'line-1': '1 again',
      'line-2': '2',
      'line-3': '3',
      'line-4': 'more',
    });
    expect(said.length).toBe(5);
    expect(engine.requests.length).toBe(6);
  });

  test('waits when every place is taken', async () => {
    let busy = true;
    const { batches, create, turn, runAll } = connect({
      refusal: () => (busy ? new BusyError(4, 1) : undefined),
    });
    const { id } = await create(chats(2));
    expect(await turn()).toBe('now');
    expect(await turn()).toBe('later');
    busy = false;
    await runAll();
    expect(await batches.retrieve(id)).toMatchObject({
      status: 'completed',
      request_counts: { completed: 2, failed: 0 },
    });
  });

  test('waits while the storage is full, and goes on once there is room', async () => {
    const { batches, create, read, turn, runAll, upload, client } = connect({}, 1, { storageBytes: 12_000 });
    const filler = await upload('x'.repeat(6000));
    const { id } = await create(chats(5));
    await expect(runAll()).rejects.toThrow('full');
    const { completed } = (await batches.retrieve(id)).request_counts!;
    expect(completed).toBeLessThan(5);
    await expect(turn()).rejects.toThrow('full');

    await client.files.delete(filler.id);
    await runAll();
    const done = await batches.retrieve(id);
    expect(done).toMatchObject({ status: 'completed', request_counts: { completed: 5, failed: 0 } });
    expect((await read(done.output_file_id)).length).toBe(5);
  });

  test('goes on past a line that fails', async () => {
    const { batches, create, runAll } = connect(refusing('line-1', new InvalidPromptError('no')));
    const { id } = await create(chats(3));
    await runAll();
    expect((await batches.retrieve(id)).request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
  });

  test('of one client comes after that of another who was first', async () => {
    const { batches, create, runAll, turn } = connect();
    const first = await create(chats(3));
    const second = await create(chats(1));
    await turn();
    await turn();
    expect((await batches.retrieve(second.id)).status).toBe('validating');
    await runAll();
    for (const { id } of [first, second]) expect((await batches.retrieve(id)).status).toBe('completed');
    expect((await batches.list({ limit: 1 })).data.map(({ id }) => id)).toEqual([second.id]);
    expect((await batches.list({ after: second.id })).data.map(({ id }) => id)).toEqual([first.id]);
  });
});

test('a batch of embeddings is computed at low priority', async () => {
  const { batches, create, read, runAll, engine } = connect();
  const endpoint = '/v1/embeddings';
  const line = { custom_id: 'a', method: 'POST', url: endpoint, body: { model: MODEL, input: 'a' } };
  const { id } = await create(JSON.stringify(line), { endpoint });
  await runAll();
  const { output_file_id } = await batches.retrieve(id);
  expect((await read(output_file_id))[0].response.body.data[0].object).toBe('embedding');
  expect(engine.embedded[0]!.priority).toBe('low');
});

describe('a batch that is cancelled', () => {
  test('before it began has nothing to show', async () => {
    const { batches, create, runAll, engine, wakes } = connect();
    const { id } = await create(chats(2));
    expect(await batches.cancel(id)).toMatchObject({ status: 'cancelling', cancelling_at: START });
    expect(wakes.count).toBe(2);
    await runAll();
    const done = await batches.retrieve(id);
    expect(done).toMatchObject({ status: 'cancelled', cancelled_at: START });
    expect(done.output_file_id).toBeUndefined();
    expect(engine.requests).toEqual([]);
    await expect(batches.cancel(id)).rejects.toMatchObject({ status: 400, param: 'id' });
  });

  test('half way keeps what is done, and stops what is not', async () => {
    const { batches, create, read, turn, runAll, engine, client } = connect();
    const { id } = await create(chats(5));
    await turn();
    await turn(2);
    await batches.cancel(id);
    await runAll();
    const done = await batches.retrieve(id);
    expect(done).toMatchObject({
      status: 'cancelled',
      request_counts: { total: 5, completed: 2, failed: 0 },
    });
    expect((await read(done.output_file_id)).length).toBe(2);
    expect(done.error_file_id).toBeUndefined();
    expect(engine.requests.length).toBe(2);
    expect((await client.files.list({ purpose: 'batch_output' })).data.length).toBe(1);
  });

  test('while lines are computed leaves them', async () => {
    const gate = Promise.withResolvers<void>();
    const never = new Promise(() => {});
    const { batches, create, turn, runAll, engine } = connect({ each: [[gate.promise], [never]] }, 2);
    const { id } = await create(chats(2));
    await turn();
    const running = turn();
    await expect.poll(() => engine.requests.length).toBe(2);
    await batches.cancel(id);
    gate.resolve();
    await running;
    expect(engine.signals[1]!.aborted).toBe(true);
    await runAll();
    expect(await batches.retrieve(id)).toMatchObject({
      status: 'cancelled',
      request_counts: { completed: 1, failed: 0 },
    });
  });
});

describe('a batch whose window closes', () => {
  test('keeps what is done, and says of each other line that it is not', async () => {
    const { batches, create, read, turn, runAll, clock } = connect();
    const { id, expires_at } = await create(chats(250));
    await turn();
    await turn(3);
    clock.ms = expires_at! * 1000;
    await runAll();
    const done = await batches.retrieve(id);
    expect(done).toMatchObject({
      status: 'expired',
      expired_at: expires_at,
      request_counts: { total: 250, completed: 3, failed: 247 },
    });
    expect((await read(done.output_file_id)).length).toBe(3);
    const errors = await read(done.error_file_id);
    expect(errors.map(({ custom_id }) => custom_id)).toEqual(
      Array.from({ length: 247 }, (_, i) => `line-${i + 3}`),
    );
    expect(errors[0]).toMatchObject({ response: null, error: { code: 'batch_expired' } });
  });
});

describe('an input file that is wrong fails the batch before any line is run', () => {
  const at = (line: string) => `${chat('a')}\n${line}\n`;
  test.each<[code: string, line: number | null, text: string]>([
    ['empty_file', null, ''],
    ['empty_file', null, '\n \n'],
    ['invalid_json', 2, at('{')],
    ['invalid_value', 2, at('[]')],
    ['duplicate_custom_id', 2, at(chat('a'))],
    ['invalid_value', 2, at(chat(''))],
    ['invalid_value', 2, at(chat('b').replace('POST', 'GET'))],
    ['invalid_value', 2, at(chat('b').replace('/v1/chat/completions', '/v1/completions'))],
    ['invalid_value', 2, at(chat('b', { stream: true }))],
    ['missing_required_parameter', 2, at('{"custom_id":"b"}')],
    ['unknown_parameter', 2, at(chat('b').replace('{', '{"x":1,'))],
    ['invalid_json', 2, at(chat('b', { padding: 'x'.repeat(2 ** 20) }))],
    ['too_many_requests', null, chats(10_001)],
  ])('%# %s in line %s', async (code, line, text) => {
    const { batches, create, runAll, engine } = connect();
    const { id } = await create(text);
    await runAll();
    const failed = await batches.retrieve(id);
    expect(failed).toMatchObject({ status: 'failed', failed_at: START, errors: { data: [{ code, line }] } });
    expect(failed.output_file_id).toBeUndefined();
    expect(engine.requests).toEqual([]);
  });

  test('its first errors are told', async () => {
    const { batches, create, runAll } = connect();
    const { id } = await create('x\n'.repeat(100));
    await runAll();
    expect((await batches.retrieve(id)).errors!.data!.map(({ line }) => line)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  test('one that is deleted on the way fails it, with what is done', async () => {
    const { batches, create, read, turn, runAll, client } = connect();
    const { id, input_file_id } = await create(chats(5));
    await turn();
    await turn(2);
    await client.files.delete(input_file_id);
    await runAll();
    const failed = await batches.retrieve(id);
    expect(failed).toMatchObject({ status: 'failed', errors: { data: [{ code: 'input_file_gone' }] } });
    expect((await read(failed.output_file_id)).length).toBe(2);
  });
});

describe('what is kept of a batch', () => {
  test('its files as long as it was asked, itself 30 days beyond its end', async () => {
    const { batches, create, runAll, clock, client } = connect();
    const { id } = await create(chats(1), { output_expires_after: { anchor: 'created_at', seconds: 3600 } });
    await runAll();
    const { output_file_id } = await batches.retrieve(id);
    clock.ms += HOUR_MS;
    await expect(client.files.retrieve(output_file_id!)).rejects.toThrow(NotFoundError);
    await batches.retrieve(id);
    clock.ms += 30 * 24 * HOUR_MS;
    await expect(batches.retrieve(id)).rejects.toThrow(NotFoundError);
  });

  test('its files for good when nothing was asked', async () => {
    const { batches, create, runAll, clock, client } = connect();
    const { id } = await create(chats(1));
    await runAll();
    const { output_file_id } = await batches.retrieve(id);
    clock.ms += 365 * 24 * HOUR_MS;
    expect(await (await client.files.content(output_file_id!)).text()).toContain('line-0');
  });
});

describe('a request for a batch that is wrong is refused, and the field is named', () => {
  test.each<[object, string, number?]>([
    [{ endpoint: '/v1/images/edits' }, 'endpoint'],
    [{ completion_window: '1h' }, 'completion_window'],
    [{ input_file_id: undefined }, 'input_file_id'],
    [{ input_file_id: 'nothing' }, 'input_file_id', 404],
    [{ colour: 1 }, 'colour'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ output_expires_after: { anchor: 'created_at', seconds: 1 } }, 'output_expires_after.seconds'],
  ])('%j', async (fields, param, status = 400) => {
    const { create } = connect();
    await expect(create(chats(1), fields)).rejects.toMatchObject({ status, param });
  });

  test('a file of another purpose', async () => {
    const { batches, upload } = connect();
    const { id } = await upload(chats(1), 'user_data');
    await expect(
      batches.create({ input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' }),
    ).rejects.toMatchObject({ status: 400, param: 'input_file_id' });
  });

  test('and a batch of another name is none', async () => {
    const { batches } = connect();
    await expect(batches.retrieve('x')).rejects.toThrow(NotFoundError);
    await expect(batches.cancel('x')).rejects.toThrow(NotFoundError);
    await expect(batches.list({ after: 'x' })).rejects.toMatchObject({ status: 404, param: 'after' });
  });
});
