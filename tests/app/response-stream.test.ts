import { describe, expect, test } from 'vitest';
import { connectResponses as connect } from '../support/responses-client.ts';
import { MODEL } from '../support/test-app.ts';

describe('a stream of a response', () => {
  const read = async (reply: Response) =>
    (await reply.text())
      .split('\n\n')
      .filter((block) => block !== '')
      .map((block) => {
        const [, name, data] = /^event: (\S+)\ndata: (.+)$/.exec(block)!;
        return { ...JSON.parse(data!), name };
      });

  test('has the events of the documented sequence, numbered', async () => {
    const { send, responses } = connect();
    const events = await read(await send({ stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, i) => i));
    expect(events.every(({ name, type }) => name === type)).toBe(true);

    const [created, , added, , delta, , done, , , completed] = events;
    expect(created.response).toMatchObject({ status: 'in_progress', output: [] });
    expect(added.item).toMatchObject({ status: 'in_progress', content: [] });
    expect(delta).toMatchObject({
      item_id: added.item.id,
      output_index: 0,
      content_index: 0,
      delta: 'Hello',
    });
    expect(done.text).toBe('Hello world');
    expect(completed.response).toMatchObject({ id: created.response.id, status: 'completed' });
    expect(await responses.retrieve(created.response.id)).toMatchObject(completed.response);
  });

  test('ends as incomplete at its limit', async () => {
    const events = await read(await connect({ reason: 'length' }).send({ stream: true }));
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  test('that breaks ends as failed, tells nothing secret, and is not kept', async () => {
    const { send, logs, kept } = connect({ steps: ['Hel', new Error('a secret')] });
    const events = await read(await send({ stream: true }));
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'internal error in request id-1' },
      },
    });
    expect(JSON.stringify(events)).not.toContain('secret');
    expect(logs).toContainEqual(expect.objectContaining({ event: 'error', message: 'a secret' }));
    expect(await kept()).toBe(0);
  });

  test('is assembled by the client', async () => {
    const { responses } = connect({ steps: ['Hel', 'lo 🦙'] });
    const stream = responses.stream({ model: MODEL, input: 'hi' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    expect((await stream.finalResponse()).output_text).toBe('Hello 🦙');
    expect(text).toBe('Hello 🦙');
  });

  test('stops the model when it is left, and is not kept', async () => {
    const { responses, engine, kept } = connect({ steps: Array<string>(1000).fill('x') });
    const stream = await responses.create({ model: MODEL, input: 'hi', stream: true });
    for await (const { type } of stream) if (type === 'response.output_text.delta') break;
    expect(engine.signals[0]!.aborted).toBe(true);
    expect(engine.stepsReached).toBeLessThan(1000);
    expect(await kept()).toBe(0);
  });
});
