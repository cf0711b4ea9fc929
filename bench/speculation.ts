/**
 * What drafts from the prompt gain and cost: the same replies with and without, step by step in turn, in one process.
 *
 *     npm run bench:speculation -- [--help]
 */
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CompletionRequest, Engine, Part, Sampling } from '../engine/engine.ts';
import { createLocalEngine } from '../engine/local.ts';
import { createWasmDevice } from '../kernels/wasm/device.ts';
import { kernelFile } from '../kernels/wasm/relaxed-simd.ts';
import { openFileSource } from '../models/cli/file-source.ts';
import { loadModel } from '../models/load.ts';
import { MISSPELT_LETTER } from '../tests/support/misspelt-letter.ts';
import { greedy } from '../tests/support/sampling.ts';
import { describeMachine } from './machine.ts';
import { type ModelName, modelFile } from './model-files.ts';

const HELP = `usage: npm run bench:speculation -- [options]
  --only <text>   rows whose name has this in it
  --rounds <n>    how often each reply is made with and without drafts; default 5
  --json          {"machine", "rows"} on stdout`;

const { values: args } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (args.help) {
  console.log(HELP);
  process.exit(0);
}
const rounds = Number(args.rounds);
if (!(rounds >= 1)) throw new RangeError(`--rounds is a number from 1 on, not '${args.rounds}'`);

const REPORT = `The lighthouse at Cape Mara was built in 1871, after three ships were lost on the reef in a single winter. Its first keeper, Anders Holm, lived there for forty years with his wife and six children. Every evening he climbed the 214 steps to light the lamp, and every morning he climbed them again to put it out. In 1923 the lamp was made electric, and the last keeper left in 1967. Today the tower is a museum, and visitors may climb the steps to see the old lamp and the reef below.`;
const CODE = `function total(items) {
  let sum = 0;
  for (let i = 0; i < items.length; i++) {
    sum += items[i].price * items[i].count;
  }
  return sum;
}

function average(items) {
  if (items.length === 0) return 0;
  return total(items) / items.length;
}

function cheapest(items) {
  let best = items[0];
  for (let i = 1; i < items.length; i++) {
    if (items[i].price < best.price) best = items[i];
  }
  return best;
}`;

const sampled: Sampling = { ...greedy, temperature: 0.7, topP: 0.9 };

interface Task {
  readonly name: string;
  readonly model: ModelName;
  readonly prompt: CompletionRequest['prompt'];
  readonly sampling: Sampling;
  readonly maxTokens: number;
}

const chat = (name: string, content: string, sampling = greedy): Task => ({
  name: `speculation/${name}/smollm2-135m/q4_1/node`,
  model: 'smollm2-135m/q4_1',
  prompt: { type: 'chat', messages: [{ role: 'user', content }] },
  sampling,
  maxTokens: 160,
});

const correct = `Correct the spelling and grammar of this text, and change nothing else:\n\n${MISSPELT_LETTER}`;
const TASKS: readonly Task[] = [
  chat('rewrite', correct),
  chat('rewrite-sampled', correct, sampled),
  chat('quote', `Repeat the following text exactly:\n\n${REPORT}`),
  chat('summarise', `Summarise this text:\n\n${REPORT}`),
  chat('code', `Rename the variable sum to amount in this code and print all of the code:\n\n${CODE}`),
  chat('formal', `Rewrite this text in a more formal tone:\n\n${MISSPELT_LETTER}`),
  chat('story', 'Write a story about a dragon who is afraid of fire.', sampled),
  {
    // Random weights at temperature 1 say nothing twice: what is left is what it costs to look.
    name: 'speculation/never/llama-3.2-1b/q4_0/node',
    model: 'llama-3.2-1b/q4_0',
    prompt: { type: 'tokens', ids: Array.from({ length: 48 }, (_, i) => 1000 + ((i * 7919) % 90_000)) },
    sampling: { ...greedy, temperature: 1 },
    maxTokens: 33,
  },
];

interface Engines {
  readonly plain: Engine;
  readonly drafting: Engine;
}

async function openEngines(model: ModelName): Promise<Engines> {
  const { file, name } = kernelFile();
  const kernels = readFileSync(new URL(`../kernels/wasm/${file}`, import.meta.url));
  const device = createWasmDevice(new WebAssembly.Module(kernels), name);
  await using source = await openFileSource(await modelFile(model));
  const contextLength = 1024;
  const rows = { maxRows: 64, maxLogitRows: 8, contextLength };
  const loaded = await loadModel(device, source, { template: 'auto', kvType: 'f16', ...rows });
  const info = { id: model, created: 0, ownedBy: '', contextLength, licence: '' };
  const limits = {
    running: 1,
    waiting: 0,
    contextLength,
    prefillChunk: 64,
    stalledMs: 1e9,
    prefixCacheBytes: 0,
  };
  const engineOf = (speculation: boolean) =>
    createLocalEngine({
      ...{ info, ...loaded, device, limits, speculation },
      today: () => '26 Jul 2024',
      random: () => 0,
      nowMs: Date.now,
      breathe: () => setImmediate(),
    });
  return { plain: engineOf(false), drafting: engineOf(true) };
}

interface Voice {
  readonly parts: AsyncIterator<Part>;
  text: string;
  /** Spent on it since its first part came. */
  ms: number | undefined;
  done: Extract<Part, { type: 'done' }> | undefined;
}

/**
 * The same reply from both, part by part, always on with the one that has had less time: what else the machine does
 * slows both alike. Returns tokens per second from the first text on.
 */
async function race({ plain, drafting }: Engines, { model, prompt, sampling, maxTokens, name }: Task) {
  const asked = { model, prompt, maxTokens, stop: [], sampling };
  const speak = async (engine: Engine): Promise<Voice> => {
    const { parts } = await engine.start(asked, new AbortController().signal);
    return { parts: parts[Symbol.asyncIterator](), text: '', ms: undefined, done: undefined };
  };
  const advance = async (voice: Voice) => {
    const start = performance.now();
    const { value: part } = await voice.parts.next();
    voice.ms = voice.ms === undefined ? 0 : voice.ms + performance.now() - start;
    if (part?.type === 'text') voice.text += part.text;
    else voice.done = part;
  };
  const voices = [await speak(plain), await speak(drafting)] as const;
  for (;;) {
    const speaking = voices.filter(({ done }) => !done);
    if (speaking.length === 0) break;
    await advance(speaking.reduce((a, b) => ((b.ms ?? -1) < (a.ms ?? -1) ? b : a)));
  }
  if (voices[0].text !== voices[1].text)
    throw new Error(`${name}: '${voices[0].text}' became '${voices[1].text}'`);
  const [without, within] = voices.map(({ done, ms }) => (1000 * (done!.usage.completionTokens - 1)) / ms!);
  return { without: without!, within: within! };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function measure(task: Task, engines: Engines) {
  const { drafting } = engines;
  await race(engines, task); // code is compiled, memory touched, the cost of a pass known
  const before = drafting.stats();
  const speeds = [];
  for (let round = 0; round < rounds; round++) speeds.push(await race(engines, task));
  const after = drafting.stats();
  const said = after.completionTokens - before.completionTokens - rounds;
  const drafted = after.draftTokens - before.draftTokens;
  const right = after.acceptedTokens - before.acceptedTokens;
  return {
    name: task.name,
    value: median(speeds.map(({ within }) => within)),
    unit: 'tokens/s',
    ratio: median(speeds.map(({ within, without }) => within / without)),
    against: 'without drafts',
    plain: median(speeds.map(({ without }) => without)),
    tokensPerPass: said / (said - right), // but for the first token, which comes with the prompt
    accepted: drafted > 0 ? right / drafted : 0,
  };
}

const asked = TASKS.filter(({ name }) => name.includes(args.only));
if (asked.length === 0)
  throw new RangeError(`--only '${args.only}': there is ${TASKS.map(({ name }) => name).join(', ')}`);

const rows = [];
let open: { model: ModelName; engines: Engines } | undefined;
for (const task of asked) {
  process.stderr.write(`${task.name}\n`);
  if (open?.model !== task.model) open = { model: task.model, engines: await openEngines(task.model) };
  rows.push(await measure(task, open.engines));
}
const machine = describeMachine();
if (args.json) console.log(JSON.stringify({ machine, rows }, null, 2));
else {
  console.log(
    `${machine.cpu}, Node ${machine.node}, commit ${machine.commit}, medians of ${rounds} rounds\n`,
  );
  console.log('| row | tokens/s | without drafts | ratio | tokens a pass | drafts accepted |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const { name, value, plain, ratio, tokensPerPass, accepted } of rows)
    console.log(
      `| ${name} | ${value.toFixed(1)} | ${plain.toFixed(1)} | **${ratio.toFixed(2)}** | ${tokensPerPass.toFixed(2)} | ${(100 * accepted).toFixed(0)} % |`,
    );
}
