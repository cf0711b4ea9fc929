// Every parameter that OpenAI documents for three routes, and what becomes of it: it changes what the engine is asked or
// how the reply reads, or it changes nothing and our document says so, or a value of it is refused by name. None is missing.
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../app/openapi.ts';
import type { Part } from '../../engine/engine.ts';
import { openApiExtract } from '../support/openapi-extracts.ts';
import type { Script } from '../support/scripted-engine.ts';
import { MODEL, testApp } from '../support/test-app.ts';

type App = ReturnType<typeof testApp>;

/** What a value does. `beside`: fields that it needs. */
type Effect =
  | { readonly value: unknown; readonly asks: object; readonly beside?: object } // part of each engine request
  | { readonly value: unknown; readonly says: RegExp; readonly beside?: object } // in the reply as it is sent
  | { readonly value: unknown; readonly changes: 'nothing' }
  | { readonly value: unknown; readonly refused: string }; // the parameter that the 400 names

const nothing = (...values: unknown[]): Effect[] => values.map((value) => ({ value, changes: 'nothing' }));
const refused = (param: string, ...values: unknown[]): Effect[] =>
  values.map((value) => ({ value, refused: param }));

const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };
const sampling = (asked: object) => ({ sampling: expect.objectContaining(asked) });

const SAMPLING: Readonly<Record<string, Effect[]>> = {
  temperature: [{ value: 0.3, asks: sampling({ temperature: 0.3 }) }],
  top_p: [{ value: 0.3, asks: sampling({ topP: 0.3 }) }],
  presence_penalty: [{ value: 0.3, asks: sampling({ presencePenalty: 0.3 }) }],
  frequency_penalty: [{ value: 0.3, asks: sampling({ frequencyPenalty: 0.3 }) }],
  logit_bias: [
    { value: { 5: -100 }, asks: sampling({ logitBias: new Map([[5, -100]]) }) },
    ...refused('logit_bias.x', { x: 1 }),
  ],
  seed: [{ value: 5, asks: sampling({ seed: 5 }) }],
  stop: [{ value: ['a', 'b'], asks: { stop: ['a', 'b'] } }, ...refused('stop', ['a', 'b', 'c', 'd', 'e'])],
  n: [{ value: 2, says: /"index":1/ }, ...refused('n', 33)],
  model: [{ value: MODEL, asks: { model: MODEL } }],
  stream: [{ value: true, says: /^data: / }],
  stream_options: [
    { value: { include_usage: true }, says: /"choices":\[\],"usage":\{/, beside: { stream: true } },
    ...refused('stream_options', { include_usage: true }),
  ],
  user: nothing('someone'),
};

const CHAT: Readonly<Record<string, Effect[]>> = {
  ...SAMPLING,
  messages: [
    {
      value: [{ role: 'user', content: 'other' }],
      asks: { prompt: { type: 'chat', messages: [{ role: 'user', content: 'other' }] } },
    },
  ],
  max_tokens: [{ value: 5, asks: { maxTokens: 5 } }],
  max_completion_tokens: [{ value: 5, asks: { maxTokens: 5 } }],
  logprobs: [{ value: true, asks: { logprobs: 0 } }],
  top_logprobs: [
    { value: 3, asks: { logprobs: 3 }, beside: { logprobs: true } },
    ...refused('top_logprobs', 3, 21),
  ],
  response_format: [{ value: { type: 'json_object' }, asks: { format: { type: 'json' } } }],
  tools: [{ value: [weather], asks: { tools: [expect.objectContaining({ name: 'weather' })] } }],
  tool_choice: [{ value: 'none', asks: { toolChoice: 'none' }, beside: { tools: [weather] } }],
  parallel_tool_calls: [{ value: false, asks: { parallelToolCalls: false }, beside: { tools: [weather] } }],
  functions: refused('functions[0]', [{ name: 'f' }]),
  function_call: refused('function_call', { name: 'f' }),
  safety_identifier: nothing('someone'),
  metadata: nothing({ for: 'me' }),
  prompt_cache_key: nothing('a key'),
  prompt_cache_retention: nothing('24h'),
  prompt_cache_options: refused('prompt_cache_options', { mode: 'explicit' }),
  service_tier: [...nothing('auto', 'default'), ...refused('service_tier', 'flex', 'priority')],
  store: refused('store', true),
  modalities: refused('modalities[1]', ['text', 'audio']),
  audio: refused('audio', { voice: 'alloy', format: 'mp3' }),
  verbosity: refused('verbosity', 'low', 'high'),
  reasoning_effort: refused('reasoning_effort', 'low', 'medium', 'high'),
  prediction: refused('prediction', { type: 'content', content: 'x' }),
  web_search_options: refused('web_search_options', {}),
  moderation: refused('moderation', { model: 'omni-moderation-latest' }),
};

const TEXT: Readonly<Record<string, Effect[]>> = {
  ...SAMPLING,
  prompt: [{ value: 'other', asks: { prompt: { type: 'text', text: 'other' } } }],
  max_tokens: [{ value: 5, asks: { maxTokens: 5 } }],
  echo: [{ value: true, asks: { echo: true } }],
  logprobs: [
    { value: 2, asks: { logprobs: 2 } },
    { value: 2, says: /"logprobs":\{"tokens":\["Hello"\]/ },
    ...refused('logprobs', 6),
  ],
  best_of: [{ value: 3, asks: { logprobs: 0 } }, ...refused('best_of', 21)],
  suffix: refused('suffix', 'the end'),
};

const EMBEDDING: Readonly<Record<string, Effect[]>> = {
  model: [{ value: MODEL, asks: { model: MODEL } }],
  input: [{ value: 'other', asks: { inputs: [{ type: 'text', text: 'other' }] } }],
  dimensions: [{ value: 2, asks: { dimensions: 2 } }],
  encoding_format: [{ value: 'base64', says: /"embedding":"/ }],
  user: nothing('someone'),
};

interface Route {
  readonly schema: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, Effect[]>>;
  readonly send: (app: App, fields: object) => Promise<Response> | Response;
  readonly asked: (app: App) => readonly object[];
}

const requests = (app: App) => app.engine.requests;
const ROUTES: readonly Route[] = [
  {
    schema: 'CreateChatCompletionRequest',
    path: '/v1/chat/completions',
    parameters: CHAT,
    send: (app, fields) => app.chat(fields),
    asked: requests,
  },
  {
    schema: 'CreateCompletionRequest',
    path: '/v1/completions',
    parameters: TEXT,
    send: (app, fields) => app.text(fields),
    asked: requests,
  },
  {
    schema: 'CreateEmbeddingRequest',
    path: '/v1/embeddings',
    parameters: EMBEDDING,
    send: (app, fields) => app.embed(fields),
    asked: (app) => app.engine.embedded,
  },
];

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
}

/** The names of a schema's properties, those of what it is made of too. */
function propertiesOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): string[] {
  if (schema.$ref) return propertiesOf(schemas[schema.$ref.split('/').at(-1)!]!, schemas);
  const parts = (schema.allOf ?? []).flatMap((part) => propertiesOf(part, schemas));
  return [...parts, ...Object.keys(schema.properties ?? {})];
}

const hello: Part = {
  type: 'text',
  text: 'Hello',
  tokens: [{ id: 1, bytes: new TextEncoder().encode('Hello'), logprob: -1, top: [], start: 0 }],
};
const script: Partial<Script> = { steps: [hello] };

describe.each(ROUTES)('$path', ({ schema, path, parameters, send, asked }) => {
  test('has a line here for each parameter that OpenAI documents', () => {
    const { schemas } = openApiExtract('openai-2.3.0').components;
    const documented = new Set(propertiesOf({ $ref: schema }, schemas));
    expect(Object.keys(parameters).sort()).toEqual([...documented].sort());
  });

  test.each(
    Object.entries(parameters).flatMap(([name, effects]) => effects.map((effect) => [name, effect] as const)),
  )('%s: %j', async (name, effect) => {
    const plain = testApp(script);
    const usual = await (await send(plain, {})).text();
    const app = testApp(script);
    const reply = await send(app, { ...('beside' in effect && effect.beside), [name]: effect.value });

    if ('refused' in effect) {
      expect(reply.status).toBe(400);
      expect((await reply.json()).error.param).toBe(effect.refused);
      expect(asked(app)).toEqual([]);
      return;
    }
    expect(reply.status).toBe(200);
    const said = await reply.text();
    if ('asks' in effect) {
      expect(asked(app).length).toBeGreaterThan(0);
      for (const request of asked(app)) expect(request).toMatchObject(effect.asks);
      if (name !== 'model') expect(asked(app)).not.toEqual(asked(plain));
    } else if ('says' in effect) {
      expect(said).toMatch(effect.says);
      expect(usual).not.toMatch(effect.says);
    } else {
      expect(asked(app)).toEqual(asked(plain));
      expect(said).toBe(usual);
      expect(describedAs(path, name)).toContain('Changes nothing.');
    }
  });
});

/** What our own document says of a parameter. */
function describedAs(path: string, name: string): string {
  const { paths, components } = openApiDocument() as unknown as {
    paths: Record<string, { post: { requestBody: { content: { 'application/json': { schema: Schema } } } } }>;
    components: { schemas: Record<string, Schema> };
  };
  const { $ref } = paths[path]!.post.requestBody.content['application/json'].schema;
  return components.schemas[$ref!.split('/').at(-1)!]!.properties![name]!.description ?? '';
}
