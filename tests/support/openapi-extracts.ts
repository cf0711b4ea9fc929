import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OpenApi } from './openapi-validator.ts';

export interface OpenApiExtract extends OpenApi {
  /** `POST /v1/audio/speech`: those of the whole document that the extract leaves out. */
  readonly otherOperations: readonly string[];
}

interface Amendment {
  /** To a schema, below `components.schemas`. */
  readonly path: string;
  /** What its value may be, too. */
  readonly type: string;
}

/** Where OpenAI's document does not allow what its own servers send. */
const AMENDMENTS: readonly Amendment[] = [
  // Of an echoed prompt's first token, which follows nothing, the logprobs are null.
  ...['token_logprobs', 'top_logprobs'].map((list) => ({
    path: `CreateCompletionResponse/properties/choices/items/properties/logprobs/anyOf/0/properties/${list}/items`,
    type: 'null',
  })),
  // With encoding_format base64, which its own client asks for, a vector is a string.
  { path: 'Embedding/properties/embedding', type: 'string' },
];

type Json = Record<string, unknown>;

/** What OpenAI, or Llama Stack, publishes of the routes that we may have. See tests/golden/README.md. */
export function openApiExtract(name: 'openai-2.3.0' | 'llama-stack-0.7.1'): OpenApiExtract {
  const file = join(import.meta.dirname, '../golden/openapi', `${name}.json.gz`);
  const document: OpenApiExtract = JSON.parse(gunzipSync(readFileSync(file)).toString());
  for (const { path, type } of name === 'openai-2.3.0' ? AMENDMENTS : []) {
    const schema = path
      .split('/')
      .reduce<Json>((inside, key) => inside[key] as Json, document.components.schemas);
    schema.type = [schema.type, type];
  }
  return document;
}
