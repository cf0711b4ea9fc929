import * as z from 'zod';
import type { ModelInfo } from '../../engine/engine.ts';
import { PROVIDER_ID } from '../provider.ts';

const metadata = z.object({ context_length: z.int().describe('Tokens.'), licence: z.string() });

/** A model in OpenAI's fields and Llama Stack's at once. Sources: OpenAI OpenAPI 2.3.0, Llama Stack 0.7.1. */
export const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('Unix seconds.'),
  owned_by: z.string(),
  custom_metadata: metadata,

  identifier: z.string(),
  provider_resource_id: z.string(),
  provider_id: z.literal(PROVIDER_ID),
  type: z.literal('model'),
  model_type: z.literal('llm'),
  metadata,
});
export type Model = z.infer<typeof Model>;

export const ModelList = z.object({ object: z.literal('list'), data: z.array(Model) });
export type ModelList = z.infer<typeof ModelList>;

export function toModel({ id, created, ownedBy, contextLength, licence }: ModelInfo): Model {
  const facts = { context_length: contextLength, licence };
  return {
    id,
    object: 'model',
    created,
    owned_by: ownedBy,
    custom_metadata: facts,
    identifier: id,
    provider_resource_id: id,
    provider_id: PROVIDER_ID,
    type: 'model',
    model_type: 'llm',
    metadata: facts,
  };
}
