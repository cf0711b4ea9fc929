import { defineSite } from '../../../infra/site.ts';

/** A site with all that the cloud can have: both kinds of machines, one of each that sleeps, and jobs. */
export const EVERYTHING = defineSite({
  name: 'everything',
  setup: 'cloud',
  images: {
    cria: 'registry.example.com/cria:0.1.0',
    gpu: 'lmsysorg/sglang@sha256:0000000000000000000000000000000000000000000000000000000000000000',
  },
  gateway: {
    hosts: ['llama.example.com'],
    cors: ['https://app.example.org'],
    imageHosts: ['cdn.example.com'],
    limits: { body: '4MiB', replyTokens: 1000 },
  },
  observability: {
    slowSeconds: 5,
    tracing: { endpoint: 'https://otlp.example.com', sample: 0.1, headers: 'OTLP_HEADERS' },
  },
  stores: { weights: { kind: 'r2', account: '0123456789abcdef0123456789abcdef', bucket: 'weights' } },
  cloud: {
    certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/1234',
    alarmEmail: 'somebody@example.com',
    fineTuning: { image: 'registry.example.com/tune:1' },
  },
  budget: { monthly: 50_000 },
  models: [
    { id: 'smollm2', engine: 'edge', name: 'many', replicas: { min: 1, max: 3 } },
    {
      id: 'smollm2',
      engine: 'node',
      name: 'sleeper',
      cpus: 4,
      replicas: { min: 0, max: 1 },
      warm: { from: '08:00', to: '18:30', timeZone: 'Europe/Berlin' },
    },
    { id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', name: 'vision', replicas: { min: 0, max: 3 } },
    { id: 'llama-3.2-90b-vision-instruct', quantisation: 'fp8', gpus: 4, engine: 'gpu', name: 'large' },
  ],
});
