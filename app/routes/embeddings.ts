import type { Context } from 'hono';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import { type AppEnv, priorityOf, type RunDeps } from '../run.ts';
import { type EmbeddingList, EmbeddingRequest, toEngineRequest } from '../schemas/embeddings.ts';

export const embeddings =
  ({ engineFor, maxBodyBytes }: RunDeps) =>
  async (c: Context<AppEnv>) => {
    const request = parse(EmbeddingRequest, await readJson(c.req.raw, maxBodyBytes));
    const { vectors, promptTokens } = await engineFor(c).embed(
      { ...toEngineRequest(request), ...priorityOf(c) },
      c.req.raw.signal,
    );
    const encode = request.encoding_format === 'base64' ? toBase64 : (vector: Float32Array) => [...vector];
    return c.json({
      object: 'list',
      data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
      model: request.model,
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    } satisfies EmbeddingList);
  };

/** The numbers' bytes, little-endian whatever the machine. */
function toBase64(vector: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * vector.length));
  for (const [i, value] of vector.entries()) bytes.setFloat32(4 * i, value, true);
  let text = '';
  for (const byte of new Uint8Array(bytes.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
