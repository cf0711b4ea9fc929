/**
 * Tokens per second beside llama.cpp: same file, same machine, same run, one thread each, in rounds that alternate.
 *
 *     npm run bench -- [--model smollm2 | 1b | all] [--rounds 5] [--json] [--save]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { smollm2Path } from '../tests/support/smollm2.ts';
import { makeRandomGguf, randomGgufPath } from './make-random-gguf.ts';
import { type Result, table } from './table.ts';

const HELP = `usage: npm run bench -- [options]
  --model <name>   smollm2 (SmolLM2-135M, Q4_1), 1b (Llama 3.2 1B's shape, random, Q4_0), or all; default all
  --rounds <n>     how often each engine is timed, in turn; the table gives medians; default 5
  --json           results as JSON on stdout
  --save           also writes bench/results/<date>.md`;

const { values: args } = parseArgs({
  options: {
    model: { type: 'string', default: 'all' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (args.help) {
  console.log(HELP);
  process.exit(0);
}

const RANDOM_1B = { type: 'q4_0', embedding: 'q6_k' } as const;
const MODELS = [
  { name: 'smollm2', label: 'SmolLM2-135M Q4_1', path: async () => smollm2Path(), decode: 64 },
  { name: '1b', label: 'Llama 3.2 1B shape, Q4_0', path: random1b, decode: 24 },
];
const ENGINES = ['llama-cpp.ts', 'cria-node.ts', 'cria-workerd.ts'];
const note = (line: string) => process.stderr.write(`${line}\n`);

async function random1b(): Promise<string> {
  const path = randomGgufPath(RANDOM_1B);
  await makeRandomGguf(path, RANDOM_1B);
  return path;
}

/** A peer process: one question, one answer. */
class Peer {
  readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  engine = '';
  loadMs = 0;

  constructor(file: string, model: string) {
    const script = fileURLToPath(new URL(`peers/${file}`, import.meta.url));
    this.child = spawn(process.execPath, [script, model], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async ready(): Promise<this> {
    const { engine, loadMs } = await this.answer();
    [this.engine, this.loadMs] = [String(engine), Number(loadMs)];
    return this;
  }

  async ask(cmd: string, tokens: number): Promise<number> {
    this.child.stdin!.write(`${JSON.stringify({ cmd, tokens })}\n`);
    const { value, error } = await this.answer();
    if (error !== undefined) throw new Error(`${this.engine}: ${error}`);
    return Number(value);
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin!.end();
    await gone;
  }

  private async answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.child.spawnargs[1]} ended early`);
    return JSON.parse(value);
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function measure(label: string, path: string, decode: number, rounds: number): Promise<Result[]> {
  const tasks = [
    { name: `decode ${decode}`, cmd: 'decode', tokens: decode },
    { name: 'prefill 128', cmd: 'prefill', tokens: 128 },
    { name: 'prefill 512', cmd: 'prefill', tokens: 512 },
  ];
  const peers: Peer[] = [];
  for (const file of ENGINES) {
    note(`${label}: loading ${file}`);
    peers.push(await new Peer(file, path).ready());
  }
  try {
    for (const peer of peers) for (const { cmd } of tasks) await peer.ask(cmd, 32); // warm
    const samples = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++) {
      note(`${label}: round ${round + 1} of ${rounds}`);
      for (const { name, cmd, tokens } of tasks)
        for (const peer of peers) {
          const key = `${name}|${peer.engine}`;
          samples.set(key, [...(samples.get(key) ?? []), await peer.ask(cmd, tokens)]);
        }
    }
    const of = (task: string, peer: Peer) => samples.get(`${task}|${peer.engine}`)!;
    return await Promise.all(
      peers.map(async (peer) => ({
        model: label,
        engine: peer.engine,
        loadMs: peer.loadMs,
        peakMiB: Math.round((await peer.ask('memory', 0)) / 2 ** 20),
        tasks: tasks.map(({ name }) => ({
          name,
          tokensPerSecond: median(of(name, peer)),
          least: Math.min(...of(name, peer)),
          most: Math.max(...of(name, peer)),
          // each round against the same round of llama.cpp, then the median: drift of the machine falls out
          ratio: median(of(name, peer).map((value, i) => value / of(name, peers[0]!)[i]!)),
        })),
      })),
    );
  } finally {
    for (const peer of peers) await peer.close();
  }
}

const results: Result[] = [];
for (const { name, label, path, decode } of MODELS)
  if (args.model === 'all' || args.model === name)
    results.push(...(await measure(label, await path(), decode, Number(args.rounds))));
if (results.length === 0) throw new Error(`--model is smollm2, 1b or all, not '${args.model}'`);

const machine = `${cpus()[0]!.model}, ${cpus().length} CPUs, Node ${process.versions.node}`;
const text = table(results, machine, Number(args.rounds));
console.log(args.json ? JSON.stringify({ machine, results }, null, 2) : text);
if (args.save) {
  const file = new URL(`results/${new Date().toISOString().slice(0, 10)}.md`, import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
  note(`saved ${fileURLToPath(file)}`);
}
