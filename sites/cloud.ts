/** AWS: 1B near the door, 11B Vision on one card and only while it is asked for, another server when both are busy. */
import { defineSite } from '../infra/site.ts';

export default defineSite({
  name: 'cloud',
  setup: 'cloud',
  images: {
    cria: 'registry.example.com/cria:0.1.0',
    gpu: 'lmsysorg/sglang@sha256:0000000000000000000000000000000000000000000000000000000000000000', // the digest you have tested
  },
  gateway: { hosts: ['llama.example.com'], auth: { type: 'bearer', secret: 'CRIA_KEYS' } },
  stores: { weights: { kind: 's3', bucket: 'example-cria-weights' } },
  models: [
    { id: 'llama-3.2-1b-instruct', quantisation: 'q4_0', engine: 'node', name: 'small' },
    { id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', name: 'vision', replicas: { min: 0, max: 2 } },
    {
      engine: 'remote',
      id: 'meta-llama/Llama-3.2-3B-Instruct',
      name: 'elsewhere',
      url: 'https://llm.example.com/v1',
      secret: 'ELSEWHERE_KEY',
    },
  ],
  routes: [
    { model: 'llama-3.2-1b', to: 'small', overflow: ['elsewhere'] },
    { model: 'llama-3.2-11b-vision', to: 'vision' },
  ],
  budget: { monthly: 3000 },
});
