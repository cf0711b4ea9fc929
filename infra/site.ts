/** One description of a site: which models answer what, on which engines, and where all of it runs. */
import * as z from 'zod';
import { GuardRules } from '../app/access/access-key.ts';
import { SiteError } from './errors.ts';
import { bytes, label, port, secretName } from './site-fields.ts';
import { gateway } from './site-gateway.ts';
import { observability } from './site-observability.ts';
import { problemsOf } from './site-problems.ts';

const dollars = z.number().positive();
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const DAY = '(MON|TUE|WED|THU|FRI|SAT|SUN)';
const DAYS = new RegExp(`^${DAY}((,${DAY})*|-${DAY})$`);

/** A bucket that `cria publish` fills. */
const published = {
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'write 3 to 63 lower-case letters, digits, dots and dashes'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-][A-Za-z0-9._/-]*(?<!\/)$/, 'write it without a slash before and behind')
    .optional(),
  /** A server of one's own that speaks S3, such as MinIO: https://host:9000. */
  endpoint: z.url({ protocol: /^https?$/, error: 'write its URL, https://host:9000' }).optional(),
};
/** Where the weights are: on the machines, or in a bucket that they are fetched from. */
const store = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('directory'), path: z.string().min(1) }),
  z.strictObject({ kind: z.literal('pvc'), size: bytes, storageClass: z.string().min(1).optional() }),
  z.strictObject({
    kind: z.literal('s3'),
    ...published,
    /** By default us-east-1. */
    region: z.string().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('r2'),
    account: z.string().regex(/^[0-9a-f]{32}$/, 'write the account: 32 hex digits'),
    ...published,
  }),
]);

const replicas = z.union([
  z
    .int()
    .min(1)
    .max(64)
    .transform((count) => ({ min: count, max: count })),
  z
    .strictObject({ min: z.int().min(0).max(64), max: z.int().min(1).max(64) })
    .refine(({ min, max }) => min <= max, { error: 'min is larger than max: swap them', path: ['min'] }),
]);

/** Hours in which a model that may go to zero stays up, by the clock of its time zone. */
const warm = z.strictObject({
  from: z.string().regex(CLOCK, 'write a time of day: 08:00'),
  to: z.string().regex(CLOCK, 'write a time of day: 18:00'),
  days: z.string().regex(DAYS, 'write days as MON-FRI, SAT or MON,WED').default('MON-FRI'),
  timeZone: z.string().min(1).default('Etc/UTC'),
});

const served = {
  /** A name from models/catalogue (`cria list`), with or without its quantisation. */
  id: z.string().min(1),
  /** What routes call it. By default its id, in DNS's letters. */
  name: label.optional(),
  quantisation: z.string().min(1).optional(),
  /** By default 8801 for the first, and on. */
  port: port.optional(),
  /** Tokens of prompt and reply together. By default 8192, or what the model can if that is less. */
  context: z.int().min(16).max(131_072).optional(),
  /** Requests that compute at once. By default 8, or as many as fit in memory. */
  concurrency: z.int().min(1).max(64).optional(),
  replicas: replicas.default({ min: 1, max: 1 }),
  /** Only in the cloud, with replicas.min 0. */
  warm: warm.optional(),
};
const onCpu = {
  ...served,
  /** How keys and values are kept: q8 takes about half of f16. */
  kv: z.enum(['f16', 'q8']).default('f16'),
  /** For what earlier requests computed, to begin the next from. */
  prefixCache: bytes.default(256 * 2 ** 20),
  waiting: z.int().min(0).max(4096).default(64),
  /** A Llama Guard of the catalogue beside it, which judges what clients ask it to: docs/safety.md. */
  guard: z.string().min(1).optional(),
  /** Of what was published to stores.weights, in place of the current one. */
  version: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "write a version: the 64 hex digits that 'cria publish' printed")
    .optional(),
};

/** So many that a model's heads are shared out evenly. */
export const CARDS = [1, 2, 4, 8] as const;

const model = z.discriminatedUnion('engine', [
  /** In workerd: one thread, one model an isolate. */
  z.strictObject({ engine: z.literal('edge'), ...onCpu }),
  /** The Node server: as many threads as `cpus`. */
  z.strictObject({ engine: z.literal('node'), ...onCpu, cpus: z.int().min(1).max(64).default(2) }),
  /** SGLang, on NVIDIA cards. */
  z.strictObject({
    engine: z.literal('gpu'),
    ...served,
    gpus: z.literal(CARDS, 'write 1, 2, 4 or 8: the heads are shared out evenly').default(1),
  }),
  /** Another server that speaks the OpenAI API. */
  z.strictObject({
    engine: z.literal('remote'),
    id: z.string().min(1),
    name: label.optional(),
    url: z.url({ protocol: /^https?$/, error: 'write its base URL, https://host/v1' }),
    /** What the list of models says of it: tokens of prompt and reply together. */
    context: z
      .int()
      .min(16)
      .max(2 ** 24)
      .default(8192),
    /** The secret that holds the key to it. */
    secret: secretName.optional(),
  }),
]);

const weighted = z.strictObject({ model: label, weight: z.number().min(0).max(1000) });
const route = z.strictObject({
  /** The model as requests name it. */
  model: z.string().min(1),
  /** Who answers. Several share by weight: a rollout. */
  to: z.union(
    [
      label.transform((name) => [{ model: name, weight: 1 }]),
      z
        .array(weighted)
        .max(16)
        .refine((all) => all.some(({ weight }) => weight > 0), 'nobody has a weight above 0: give one'),
    ],
    'write the name of a model, or a list of { model, weight }',
  ),
  /** Who answers when none of them can: all busy, still loading, or down. */
  overflow: z.array(label).max(16).default([]),
  /** What of its conversations is judged, by the guard beside each model that answers. Nothing when absent. */
  guard: GuardRules.required({ judge: true }).optional(),
});

/** What only AWS has. */
const cloud = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "write the code of a region: 'eu-central-1'")
    .default('us-east-1'),
  /** What the gateway runs in: a Lambda that scales to zero, in one of its two forms, or a container that is always there. */
  frontDoor: z.enum(['web-function', 'function-url', 'container']).default('web-function'),
  /** A model with replicas.min 0 goes after so long without a request. */
  idleMinutes: z.int().min(5).max(240).default(15),
  /** For gateway.hosts: a certificate of ACM in us-east-1. */
  certificate: z.string().startsWith('arn:aws:acm:us-east-1:').optional(),
  /** A web ACL of your own. Needed outside us-east-1, where CloudFront's cannot be made. */
  webAcl: z.string().startsWith('arn:aws:wafv2:us-east-1:').optional(),
  /** Who gets the alarms. */
  alarmEmail: z.email().optional(),
  /** Jobs on cards, with an image of yours. */
  fineTuning: z
    .strictObject({
      image: z.string().min(1),
      instance: z.string().min(1).default('g6e.12xlarge'),
      gpus: z.int().min(1).max(8).default(4),
    })
    .optional(),
});

const siteSchema = z.strictObject({
  name: label,
  setup: z.enum(['single-node', 'on-prem', 'cloud']).default('single-node'),
  images: z
    .strictObject({
      /** Cria's own, as lambda/Dockerfile builds it. By tag, or best by digest. By default `cria:` and its version. */
      cria: z.string().min(1).optional(),
      /** SGLang, for models with engine gpu: a release that has Llama 3.2 Vision (srt/models/mllama.py), best by digest. */
      gpu: z.string().min(1).default('lmsysorg/sglang:v0.5.18'),
    })
    .prefault({}),
  gateway: gateway.prefault({}),
  stores: z.strictObject({ weights: store.optional() }).default({}),
  /** What one machine has; with several, each of them. Not compared with where it is left out. */
  capacity: z
    .strictObject({
      memory: bytes.optional(),
      gpus: z.int().min(0).max(64).optional(),
      gpuMemory: bytes.optional(),
    })
    .default({}),
  models: z.array(model).min(1).max(32),
  /** By default one for each model, under its id. */
  routes: z.array(route).max(64).optional(),
  /** Who keeps files, responses, conversations and batches. By default the first model that can: replicas: 1, not gpu. */
  keeper: label.optional(),
  /** Who answers moderations and shields. By default the first model with a guard. */
  judge: label.optional(),
  observability: observability.prefault({}),
  cloud: cloud.prefault({}),
  /** The plan fails when its estimate is above this. */
  budget: z.strictObject({ monthly: dollars }).optional(),
});

/** As it is written: nearly everything may be left out. */
export type SiteInput = z.input<typeof siteSchema>;
/** With its defaults. */
export type Site = z.output<typeof siteSchema>;
export type SiteModel = Site['models'][number];

/** A site in TypeScript, checked while it is written: `export default defineSite({ … })`. */
export const defineSite = (site: SiteInput): SiteInput => site;

/** Checks a description. `file` is for the messages. Throws SiteError, naming every field that is wrong. */
export function parseSite(json: unknown, file: string): Site {
  const { data, error } = siteSchema.safeParse(json);
  if (error === undefined) return data;
  throw new SiteError(
    file,
    error.issues.flatMap((issue) => problemsOf(issue)),
  );
}
