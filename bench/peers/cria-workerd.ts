/**
 * The whole edge target, timed from outside: workerd, weights from its local R2, answers over HTTP. A Worker cannot
 * time itself: its clock stands still while it computes.
 *
 *     node bench/peers/cria-workerd.ts model.gguf      (commands: take-commands.ts)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findModel } from '../../models/catalogue.ts';
import { criaHome } from '../../models/cli/home.ts';
import { buildAll, DIST } from '../../scripts/build.ts';
import { startLocalWorkerd } from '../../scripts/local-workerd.ts';
import { benchPrompt, DECODE_PROMPT, takeCommands } from './take-commands.ts';

const modelPath = process.argv[2];
if (!modelPath) throw new Error('usage: node bench/peers/cria-workerd.ts model.gguf');

/** A random model stands in for the catalogue entry of its shape. */
const entry = findModel(
  basename(modelPath).startsWith('random-') ? 'llama-3.2-1b-instruct-q4_0' : 'smollm2-135m-instruct-q4_1',
);
const manifest = { ...entry, files: entry.files.map(({ sha256: _, ...file }) => file) };
const VOCAB = 49_152; // ids that both models have

const dist = join(DIST, 'bench');
await buildAll(dist);
const workerd = await startLocalWorkerd({
  dist,
  host: '127.0.0.1',
  port: 0,
  storage: join(criaHome(process.env), 'bench', `r2-${basename(modelPath)}`),
  vars: { CRIA_MODEL: entry.name, CRIA_CONTEXT: '1024' },
  onLog: () => {},
});
await workerd.putWeights(manifest, modelPath, () => {});
const loadStart = performance.now();
await complete(1, 1);

interface Timing {
  readonly firstMs: number; // from the request to the first text
  readonly lastMs: number; // to the end of the reply
  readonly tokens: number;
}

async function complete(promptTokens: number, maxTokens: number): Promise<Timing> {
  const start = performance.now();
  const response = await fetch(new URL('/v1/completions', workerd.url), {
    method: 'POST',
    body: JSON.stringify({
      model: entry.id,
      prompt: benchPrompt(promptTokens, VOCAB),
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  let firstMs = 0;
  let lastMs = 0;
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    lastMs = performance.now() - start;
    firstMs ||= lastMs;
    text += chunk;
  }
  const usage = /"completion_tokens":(\d+)/.exec(text);
  if (usage === null) throw new Error(`no usage in ${text.slice(-300)}`);
  return { firstMs, lastMs, tokens: Number(usage[1]) };
}

await takeCommands({
  engine: 'Cria in workerd, over HTTP',
  loadMs: Math.round(performance.now() - loadStart),
  vocab: VOCAB,

  async prefill(tokens) {
    return (1000 * tokens) / (await complete(tokens, 1)).lastMs;
  },

  async decode(tokens) {
    const { firstMs, lastMs, tokens: made } = await complete(DECODE_PROMPT, tokens + 1);
    return (1000 * (made - 1)) / (lastMs - firstMs);
  },

  peakBytes: async () => peakOfWorkerd(),
  close: async () => workerd[Symbol.asyncDispose](),
});

/** High-water mark of the workerd that this process started. Linux only. */
function peakOfWorkerd(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = tryRead(`/proc/${pid}/status`);
    if (/^Name:\s+workerd$/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status))
      return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)![1]);
  }
  throw new Error('workerd is not among the processes that /proc lists');
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended meanwhile
  }
}
