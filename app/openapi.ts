import * as z from 'zod';
import { ChatChunk, ChatCompletion, ChatRequest } from './schemas/chat.ts';
import { ErrorBody } from './schemas/error.ts';
import { Health, Version } from './schemas/health.ts';
import { Model, ModelList } from './schemas/models.ts';
import { TextChunk, TextCompletion, TextRequest } from './schemas/text.ts';
import { VERSION } from './version.ts';

const SCHEMAS = {
  ChatRequest,
  ChatCompletion,
  ChatChunk,
  TextRequest,
  TextCompletion,
  TextChunk,
  Model,
  ModelList,
  Health,
  Version,
  ErrorBody,
};
type Name = keyof typeof SCHEMAS;

interface Operation {
  readonly summary: string;
  readonly body?: Name;
  readonly reply: Name | 'text/plain' | 'application/json';
  /** One event of the stream that `stream: true` asks for. */
  readonly event?: Name;
}

/** What the app serves, by Hono's paths. A test holds this against the app's own list. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /v1/chat/completions': {
    summary: 'Answers a conversation',
    body: 'ChatRequest',
    reply: 'ChatCompletion',
    event: 'ChatChunk',
  },
  'POST /v1/completions': {
    summary: 'Continues a text',
    body: 'TextRequest',
    reply: 'TextCompletion',
    event: 'TextChunk',
  },
  'GET /v1/models': { summary: 'Lists the models', reply: 'ModelList' },
  'GET /v1/models/:id{.+}': { summary: 'Describes a model', reply: 'Model' },
  'GET /v1/health': { summary: 'Says how the engine is; 503 when it has failed', reply: 'Health' },
  'GET /v1/version': { summary: 'Says which version this is', reply: 'Version' },
  'GET /metrics': { summary: 'Counts and times, for Prometheus', reply: 'text/plain' },
  'GET /openapi.json': { summary: 'This document', reply: 'application/json' },
};

/** The app as OpenAPI 3.1, made of the very schemas that check requests. */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [route, operation] of Object.entries(OPERATIONS)) {
    const [method, path] = route.split(' ') as [string, string];
    const template = path.replace(/:(\w+)\{.+\}/, '{$1}');
    paths[template] ??= {};
    paths[template][method.toLowerCase()] = describe(operation, template.includes('{id}'));
  }

  return {
    openapi: '3.1.0',
    info: { title: 'Cria', version: VERSION, description: 'Llama 3.2, behind OpenAI-shaped routes.' },
    paths,
    components: { schemas: componentSchemas() },
  };
}

function describe({ summary, body, reply, event }: Operation, hasId: boolean): Record<string, unknown> {
  return {
    summary,
    ...(hasId && {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    }),
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: {
      200: {
        description: 'OK',
        content: {
          ...(reply in SCHEMAS ? json(reply as Name) : { [reply]: {} }),
          ...(event && { 'text/event-stream': { schema: ref(event) } }),
        },
      },
      default: { description: 'Refused', content: json('ErrorBody') },
    },
  };
}

const ref = (name: Name) => ({ $ref: `#/components/schemas/${name}` });
const json = (name: Name) => ({ 'application/json': { schema: ref(name) } });

function componentSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });

  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _id, $schema: _dialect, ...schema }]) => [id, schema]),
  );
}
