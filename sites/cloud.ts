/** AWS: 1B that is always there, 11B Vision on one card that sleeps while nobody asks it, and another's server for the rest. */
import { defineSite } from '../infra/site.ts';

export default defineSite({
  name: 'cloud',
  setup: 'cloud',
  stores: { weights: { kind: 's3', bucket: 'example-cria-weights' } },
  models: [
    { name: 'small', id: 'llama-3.2-1b-instruct-q4_0', engine: 'node' },
    { name: 'vision', id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', replicas: { min: 0, max: 2 } },
    { name: 'elsewhere', id: '3b', engine: 'remote', url: 'https://llm.example.com/v1', secret: 'THEIR_KEY' },
  ],
  routes: [
    { model: 'llama-3.2-1b', to: 'small', overflow: ['elsewhere'] },
    { model: 'llama-3.2-11b-vision', to: 'vision' },
  ],
  budget: { monthly: 3000 },
});
