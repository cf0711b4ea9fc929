import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createLlama } from '../../../models/llama/forward.ts';
import { configFromHuggingFace, loadHuggingFaceWeights } from '../../../models/llama/hugging-face.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { ref, relaxed } from '../../support/backends.ts';
import { nmse } from '../../support/numbers.ts';
import { TINY_HF_FOLDER, TINY_VOCAB, tinyLlama } from '../../support/tiny-llama.ts';

const config = JSON.parse(readFileSync(`${TINY_HF_FOLDER}config.json`, 'utf8'));

test.each([
  { ...ref, limit: 1e-10 },
  { ...relaxed, limit: 1e-6 }, // an f16 cache
])("a Hugging Face directory gives transformers' logits on $name", async ({ create, limit }) => {
  const device = create();
  const shard = bufferSource('model', readFileSync(`${TINY_HF_FOLDER}model.safetensors`));
  const loaded = await loadHuggingFaceWeights(device, config, [shard], () => {});
  const options = { kvType: 'f16', maxRows: 32, maxLogitRows: 32, contextLength: 64 } as const;
  const llama = createLlama(device, loaded.config, loaded.weights, options);

  const { ids, positions, logits } = tinyLlama('bf16').short;
  const out = llama.forward([{ cache: llama.newCache(32), ids, logits: 'all' }]);
  for (const [i, position] of positions.entries()) {
    const row = await device.read(out, position * TINY_VOCAB, TINY_VOCAB);
    expect(nmse(row, logits.subarray(i * TINY_VOCAB, (i + 1) * TINY_VOCAB))).toBeLessThan(limit);
  }
});

test.each([
  ['model_type', 'mistral', /config.json: byte 0: model_type/],
  ['num_key_value_heads', 3, /4 heads cannot share 3/],
  ['hidden_size', 1e9, /dim is 1000000000, not 1 to 65536/],
  ['rope_scaling', { rope_type: 'yarn' }, /rope_scaling.rope_type/],
])('config.json with %s = %j is refused by name', (field, value, message) => {
  expect(() => configFromHuggingFace({ ...config, [field]: value })).toThrow(message);
});
