import { describe, expect, test } from 'vitest';
import { connectResponses as connect } from '../support/responses-client.ts';
import { MODEL } from '../support/test-app.ts';

describe('tools', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const weather = {
    type: 'function',
    name: 'weather',
    description: 'Tells.',
    parameters,
    strict: true,
  } as const;
  const clock = { type: 'function', name: 'clock', parameters: null, strict: null } as const;
  const call = (index: number, name: string, ...texts: string[]) => [
    { type: 'tool_call' as const, index, name },
    ...texts.map((text) => ({ type: 'tool_arguments' as const, index, text })),
  ];

  test('are told to the engine, and said back', async () => {
    const { responses, engine } = connect();
    const asked = { model: MODEL, input: 'hi', tools: [weather, clock] };
    const made = await responses.create({ ...asked, parallel_tool_calls: false });
    expect(made.tools).toEqual([weather, { ...clock, strict: false }]);
    expect(made.tool_choice).toBe('auto');
    expect(engine.requests[0]).toMatchObject({
      tools: [
        { name: 'weather', description: 'Tells.', parameters, strict: true },
        { name: 'clock', strict: false },
      ],
      toolChoice: 'auto',
      parallelToolCalls: false,
    });
    await responses.create({ ...asked, tool_choice: { type: 'function', name: 'clock' } });
    expect(engine.requests[1]).toMatchObject({ toolChoice: { name: 'clock' }, parallelToolCalls: true });
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'clock' }] };
    await responses.create({ ...asked, tool_choice: allowed as never });
    expect(engine.requests[2]).toMatchObject({
      toolChoice: { mode: 'required', names: ['clock'] },
      tools: [{ name: 'weather' }, { name: 'clock' }],
    });
  });

  test('are called, beside text and each other, and answered by the next request', async () => {
    const steps = ['Let me see.', ...call(0, 'weather', '{"city":', '"Rome"}'), ...call(1, 'clock', '{}')];
    const { responses, messages } = connect({ each: [steps] });
    const stream = responses.stream({ model: MODEL, input: 'hi', tools: [weather, clock] });
    const types: string[] = [];
    let text = '';
    stream.on('event', ({ type }) => types.push(type));
    stream.on('response.function_call_arguments.delta', ({ delta, output_index }) => {
      if (output_index === 1) text += delta;
    });
    const made = await stream.finalResponse();
    expect(text).toBe('{"city":"Rome"}');
    expect(made.status).toBe('completed');
    expect(made.output).toMatchObject([
      { type: 'message', status: 'completed', content: [{ text: 'Let me see.' }] },
      { type: 'function_call', name: 'weather', arguments: '{"city":"Rome"}', status: 'completed' },
      { type: 'function_call', name: 'clock', arguments: '{}' },
    ]);
    expect(types.slice(2)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);

    const calls = made.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
    expect(new Set(calls.flatMap(({ id, call_id }) => [id, call_id])).size).toBe(4);
    await responses.create({
      model: MODEL,
      previous_response_id: made.id,
      tools: [weather, clock],
      input: calls.map(({ call_id, name }) => ({
        type: 'function_call_output',
        call_id,
        output: `of ${name}`,
      })),
    });
    expect(messages().slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'Let me see.',
        toolCalls: calls.map(({ call_id: id, name, arguments: text }) => ({ id, name, arguments: text })),
      },
      { role: 'tool', content: 'of weather' },
      { role: 'tool', content: 'of clock' },
    ]);
  });

  test('a call alone is no message, and one that is cut is incomplete', async () => {
    const { responses } = connect({ steps: call(0, 'clock', '{'), reason: 'length' });
    const made = await responses.create({ model: MODEL, input: 'hi', tools: [clock] });
    expect(made.status).toBe('incomplete');
    expect(made.output).toMatchObject([{ type: 'function_call', arguments: '{', status: 'incomplete' }]);
  });

  test.each<[object, string]>([
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function', name: 'a b' }] }, 'tools[0].name'],
    [{ tools: [clock, clock] }, 'tools[1].name'],
    [{ tools: [{ ...clock, parameters: { type: 'array' } }] }, 'tools[0].parameters.type'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [clock], tool_choice: { type: 'function', name: 'x' } }, 'tool_choice.name'],
    [{ tools: [clock], tool_choice: { type: 'mcp' } }, 'tool_choice.type'],
    [
      {
        tools: [clock],
        tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'x' }] },
      },
      'tool_choice.tools[0].name',
    ],
  ])('%j are refused, and the field is named', async (fields, param) => {
    const { error } = await (await connect().send(fields)).json();
    expect(error.param).toBe(param);
  });
});
