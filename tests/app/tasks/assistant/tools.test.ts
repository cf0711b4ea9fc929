import { expect, test } from 'vitest';
import { TOOLS } from '../../../../app/tasks/assistant/carry-out.ts';
import { toEngineTool } from '../../../../app/tasks/assistant/tool.ts';
import { TOOL_FORMATS } from '../../../../models/prompts/tool-format.ts';
import { ask, localSetup, request } from '../../../support/local-engine.ts';
import { recite } from '../../../support/scripted-llama.ts';

const tools = TOOLS.map(toEngineTool);

test.each(TOOL_FORMATS.flatMap((format) => tools.map(({ name }) => ({ format, name }))))(
  'a grammar holds calls of $name to its parameters, as $format',
  async ({ format, name }) => {
    const { engine } = localSetup({ script: recite('nothing of the kind') }, {}, { toolFormat: format });
    const prompt = { type: 'chat', messages: [{ role: 'user', content: 'x' }] } as const;
    const { calls = [] } = await ask(
      engine,
      request('', { prompt, tools, toolChoice: { name }, parallelToolCalls: false, maxTokens: 400 }),
    );
    expect(calls[0]?.[0]).toBe(name);
  },
);

test('what a call begins is held to times that there may be', async () => {
  const say = '[add_event(title="x", start="2026-99-40T99:99")]';
  const { engine } = localSetup({ script: recite(say) });
  const prompt = { type: 'chat', messages: [{ role: 'user', content: 'x' }] } as const;
  const { calls } = await ask(
    engine,
    request('', { prompt, tools, parallelToolCalls: false, maxTokens: 200 }),
  );
  expect(JSON.parse(calls![0]![1])).toMatchObject({
    start: expect.stringMatching(/^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d$/),
  });
});
