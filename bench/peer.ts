import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ModelName, modelFile } from './model-files.ts';
import type { Asked } from './peers/take-commands.ts';

/** Positions that a sequence may have, unless a peer says otherwise. */
export const CONTEXT = 1024;

/** An engine with a model loaded, in a process of its own. */
export interface PeerSpec {
  readonly script: string; // in peers/
  /** Absent where the peer needs none. */
  readonly model?: ModelName;
  readonly threads?: number;
  readonly context?: number;
  /** Of the Node it runs in. */
  readonly v8Flags?: readonly string[];
}

/** Asks a peer one question at a time; peers/take-commands.ts is the other end. */
export class Peer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts it and waits until its model is loaded. */
  static async start({
    script,
    model,
    threads = 1,
    context = CONTEXT,
    v8Flags = [],
  }: PeerSpec): Promise<Peer> {
    const file = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
    const args = model
      ? [await modelFile(model), '--threads', String(threads), '--context', String(context)]
      : [];
    const peer = new Peer(
      spawn(process.execPath, [...v8Flags, file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    await peer.answer();
    return peer;
  }

  async ask(question: Asked): Promise<number> {
    this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    const { value, error } = await this.answer();
    if (error !== undefined) throw new Error(String(error));
    return Number(value);
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin!.end();
    await gone;
  }

  private async answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.child.spawnargs.join(' ')} ended early`);
    return JSON.parse(value);
  }
}
