import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OpenApi } from './openapi-validator.ts';

export interface OpenApiExtract extends OpenApi {
  /** `POST /v1/audio/speech`: those of the whole document that the extract leaves out. */
  readonly otherOperations: readonly string[];
}

/** Where a document does not allow what its own servers send. The path leads to a list's items, which may be null. */
const NULLABLE_ITEMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // Of an echoed prompt's first token, which follows nothing, the logprobs are null.
  'openai-2.3.0': ['token_logprobs', 'top_logprobs'].map((list) => [
    ...['CreateCompletionResponse', 'properties', 'choices', 'items', 'properties', 'logprobs', 'anyOf', '0'],
    ...['properties', list, 'items'],
  ]),
};

type Json = Record<string, unknown>;

/** What OpenAI, or Llama Stack, publishes of the routes that we may have. See tests/golden/README.md. */
export function openApiExtract(name: 'openai-2.3.0' | 'llama-stack-0.7.1'): OpenApiExtract {
  const file = join(import.meta.dirname, '../golden/openapi', `${name}.json.gz`);
  const document: OpenApiExtract = JSON.parse(gunzipSync(readFileSync(file)).toString());
  for (const path of NULLABLE_ITEMS[name] ?? []) {
    const items = path.reduce<Json>((inside, key) => inside[key] as Json, document.components.schemas);
    items.type = [items.type, 'null'];
  }
  return document;
}
