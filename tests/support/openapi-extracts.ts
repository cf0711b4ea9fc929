import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OpenApi } from './openapi-validator.ts';

export interface OpenApiExtract extends OpenApi {
  /** `POST /v1/audio/speech`: those of the whole document that the extract leaves out. */
  readonly otherOperations: readonly string[];
}

/** What OpenAI, or Llama Stack, publishes of the routes that we may have. See tests/golden/README.md. */
export function openApiExtract(name: 'openai-2.3.0' | 'llama-stack-0.7.1'): OpenApiExtract {
  const file = join(import.meta.dirname, '../golden/openapi', `${name}.json.gz`);
  return JSON.parse(gunzipSync(readFileSync(file)).toString());
}
