import { memoryText } from './bytes.ts';
import { SHARED_BYTES } from './container-env.ts';
import { imageOf } from './gateway-workload.ts';
import { dollars } from './limits.ts';
import { cpuMemory, fittingConcurrency, gpuMemory, inWasm, type MemoryNeed, WASM_BYTES } from './memory.ts';
import { catalogueFacts, type ModelFacts, visionFacts } from './model-facts.ts';
import { cheapestInstance, type Instance } from './prices.ts';
import { serverLimits } from './request-limits.ts';
import { CARDS, type Site, type SiteModel } from './site.ts';
import { V8_FLAGS } from './v8-flags.ts';
import type { Volume, Workload } from './workload.ts';

/** A model that runs here. */
export type ServedModel = Exclude<SiteModel, { engine: 'remote' }>;

const CONTEXT = 8192;
const WEIGHTS: Volume = { name: 'weights', kind: 'weights', path: '/var/lib/cria/home' };
/** Of a machine with cards: SGLang has a process for each and one before them, through which weights pass. Not measured. */
const hostBytes = (gpus: number): number => (1 + gpus) * 8 * 2 ** 30;
const STATE_PATH = '/var/lib/cria/state';

/** What is known of the model. Throws UnlistedModelError. */
export function factsOf(model: ServedModel): ModelFacts {
  return model.engine === 'gpu'
    ? visionFacts(model.id, model.quantisation)
    : catalogueFacts(model.id, model.quantisation);
}

/** The workload that serves it. Throws Error, with the numbers, where it does not fit. */
export function serve(site: Site, model: ServedModel, name: string, port: number): Workload {
  const facts = factsOf(model);
  if (model.context !== undefined && model.context > facts.context)
    throw new Error(`context is ${model.context}, and ${facts.name} knows ${facts.context} tokens: lower it`);
  if (site.setup === 'single-node' && model.replicas.max > 1)
    throw new Error(
      `replicas is up to ${model.replicas.max}, and a single node runs one of each: raise concurrency instead`,
    );
  if (model.warm && (site.setup !== 'cloud' || model.replicas.min > 0))
    throw new Error(
      'warm is for models that go to zero, in the cloud: set replicas.min 0, or leave warm out',
    );
  const context = model.context ?? Math.min(CONTEXT, facts.context);
  return model.engine === 'gpu'
    ? onGpu(site, model, { facts, context, name, port })
    : onCpu(site, model, { facts, context, name, port });
}

/** Throws Error when it is no guard. */
function guardFacts(id: string): ModelFacts {
  const facts = catalogueFacts(id);
  if (!/guard/.test(facts.name)) throw new Error(`guard: ${facts.name} is no Llama Guard: see 'cria list'`);
  return facts;
}

interface Place {
  readonly facts: ModelFacts;
  readonly context: number;
  readonly name: string;
  readonly port: number;
}

function onCpu(
  site: Site,
  model: Extract<ServedModel, { engine: 'edge' | 'node' }>,
  { facts, context, name, port }: Place,
): Workload {
  const { engine, kv, prefixCache } = model;
  const load = { engine, kv, context, prefixCache };
  const concurrency = model.concurrency ?? fittingConcurrency(facts, load);
  const guard = model.guard === undefined ? undefined : guardFacts(model.guard);
  const need = cpuMemory(facts, { ...load, concurrency }, guard);
  if (inWasm(need) > WASM_BYTES)
    throw new Error(
      `${facts.name} needs ${numbers(need)}: ${memoryText(inWasm(need))} of WebAssembly memory, which has ${memoryText(WASM_BYTES)}; ` +
        `lower context (${context}), concurrency (${concurrency}) or prefixCache${kv === 'f16' ? ', or set kv: q8' : ''}`,
    );
  const state = `${name}-state`;
  return {
    name,
    kind: engine,
    image: imageOf(site),
    argv:
      engine === 'edge' ? ['node', 'scripts/serve-edge.ts'] : ['node', ...V8_FLAGS, 'dist/lambda/server.mjs'],
    port,
    env: {
      HOST: '0.0.0.0',
      CRIA_AUTH: 'none', // the gateway has asked for a key, and nobody else reaches it
      PORT: String(port),
      CRIA_MODEL: facts.name,
      CRIA_CONTEXT: String(context),
      CRIA_RUNNING: String(concurrency),
      CRIA_WAITING: String(model.waiting),
      CRIA_KV: kv,
      CRIA_PREFIX_CACHE: String(Math.round(prefixCache / 2 ** 20)),
      ...serverLimits(site),
      CRIA_SLOW: String(site.observability.slowSeconds),
      ...(guard ? { CRIA_GUARD: guard.name } : {}),
      CRIA_HOME: WEIGHTS.path,
      ...(engine === 'edge'
        ? { CRIA_STATE: STATE_PATH }
        : { CRIA_STORAGE_FILE: `${STATE_PATH}/storage.sqlite`, CRIA_THREADS: String(model.cpus) }),
    },
    secrets: [],
    volumes: [WEIGHTS, { name: state, kind: 'state', path: STATE_PATH }],
    health: '/v1/health/ready',
    live: '/v1/health/live',
    replicas: model.replicas,
    warm: model.warm,
    cpus: engine === 'node' ? model.cpus : 1,
    memory: need.total,
    weights: [facts.name, ...(guard ? [guard.name] : [])],
    model: { id: facts.id, facts, context, concurrency, need },
    gpus: 0,
    gpuMemory: undefined,
    instance: undefined,
  };
}

function onGpu(
  site: Site,
  model: Extract<ServedModel, { engine: 'gpu' }>,
  { facts, context, name, port }: Place,
): Workload {
  const { gpus } = model;
  const concurrency = model.concurrency ?? 8;
  const needOf = (cards: number) => gpuMemory(facts, { context, concurrency, gpus: cards });
  const instanceOf = (cards: number) =>
    site.setup === 'cloud'
      ? cheapestInstance(cards, needOf(cards).total, hostBytes(cards) + SHARED_BYTES)
      : undefined;
  const need = needOf(gpus);
  const has = site.setup === 'cloud' ? undefined : site.capacity.gpuMemory;
  const instance = instanceOf(gpus);
  const enough = CARDS.filter((cards) => cards > gpus).find(
    (cards) => instanceOf(cards) ?? (has !== undefined && needOf(cards).total <= has),
  );
  const advice = [
    ...(enough === undefined ? [] : [`set gpus: ${enough}${priceOf(instanceOf(enough))}`]),
    `lower context (${context}) or concurrency (${concurrency})`,
    ...(facts.quantisation === 'bf16' ? ['set quantisation: fp8'] : []),
  ].join(', or ');
  if (site.setup === 'cloud' && instance === undefined)
    throw new Error(
      `${facts.name} needs ${numbers(need)} on each of ${gpus}: no instance of the price table has that: ${advice}`,
    );
  if (has !== undefined && need.total > has)
    throw new Error(
      `${facts.name} needs ${numbers(need)} on each of ${gpus}, and a card has ${memoryText(has)} (capacity.gpuMemory): ${advice}`,
    );
  return {
    name,
    kind: 'gpu',
    image: site.images.gpu,
    argv: [
      'python3',
      '-m',
      'sglang.launch_server',
      '--model-path',
      facts.id,
      '--host',
      '0.0.0.0',
      '--port',
      String(port),
      '--context-length',
      String(context),
      '--max-running-requests',
      String(concurrency),
      '--tp-size',
      String(gpus),
      ...(facts.quantisation === 'fp8' ? ['--quantization', 'fp8'] : []),
    ],
    port,
    env: { HF_HOME: WEIGHTS.path },
    secrets: [{ env: 'HF_TOKEN', secret: 'HF_TOKEN' }],
    volumes: [WEIGHTS],
    health: '/health',
    live: '/health',
    replicas: model.replicas,
    warm: model.warm,
    cpus: 4,
    weights: [], // SGLang fetches its own
    memory: hostBytes(gpus),
    model: { id: facts.id, facts, context, concurrency, need },
    gpus,
    gpuMemory: need,
    instance,
  };
}

const priceOf = (instance: Instance | undefined): string =>
  instance === undefined ? '' : ` (${instance.type}, ${dollars(instance.hourly)} an hour)`;

function numbers({ total, weights, kv, prefixCache, guard, working }: MemoryNeed): string {
  const parts = [`weights ${memoryText(weights)}`, `keys and values ${memoryText(kv)}`];
  if (prefixCache > 0) parts.push(`prefix cache ${memoryText(prefixCache)}`);
  if (guard > 0) parts.push(`guard ${memoryText(guard)}`);
  return `${memoryText(total)} (${[...parts, `working ${memoryText(working)}`].join(', ')})`;
}
