/**
 * Where a team of threads finds its work: one op at a time, cut into grains, of which any thread may take some.
 *
 * Who takes grains holds the op open until they are done, and only who holds some looks at what the op is. So nobody
 * waits for a thread that is late, asleep, or not started yet: it finds nothing left, and that is all.
 */

// Places in the shared words. The two that all threads change lie a cache line apart.
const LEFT = 0; // grains nobody has taken; below zero: go home
const DONE = 16; // grains done; below zero: a thread failed
const SERIAL = 32; // of the op, and from here on what it is
const KERNEL = 33;
const GRAINS = 34;
const GRAIN = 35; // items
const COUNT = 36; // items
const SCRATCH = 37;
const SCRATCH_BYTES = 38; // of each thread
const ARG_COUNT = 39;
const ARGS = 40;
const WORDS = ARGS + 16;

const GO_HOME = -1;
const FAILURE = 1 << 24; // more than an op has grains

/** How often to look again before going to sleep: a hundred microseconds, where the engine knows how to pause. */
const SPINS = 2000;

const pause = (Atomics as { pause?: () => void }).pause ?? (() => {});

export type Kernel = (...args: number[]) => number;

/** A kernel that takes (…args, first, last, scratch), for all items from 0 to `count`. */
export interface Op {
  readonly kernel: number; // its place among the module's exports
  readonly args: readonly number[];
  readonly count: number;
  readonly grain: number;
  readonly scratch: number;
  readonly scratchBytes: number;
}

export const createWords = () => new Int32Array(new SharedArrayBuffer(4 * WORDS));

/** The board as one thread of the team sees it. */
export class Board {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly threads: number;
  private readonly thread: number;
  private readonly kernels: readonly Kernel[];
  private call: number[] = []; // arguments for the op seen last
  private serial = 0;

  constructor(
    words: Int32Array<SharedArrayBuffer>,
    threads: number,
    thread: number,
    exports: WebAssembly.Exports,
  ) {
    this.words = words;
    this.threads = threads;
    this.thread = thread;
    this.kernels = Object.values(exports) as Kernel[];
  }

  /** Puts an op up; the one before has ended. */
  post({ kernel, args, count, grain, scratch, scratchBytes }: Op): void {
    const { words } = this;
    const grains = Math.ceil(count / grain);
    words[SERIAL]!++;
    words[KERNEL] = kernel;
    words[GRAINS] = grains;
    words[GRAIN] = grain;
    words[COUNT] = count;
    words[SCRATCH] = scratch;
    words[SCRATCH_BYTES] = scratchBytes;
    words[ARG_COUNT] = args.length;
    words.set(args, ARGS);
    Atomics.store(words, DONE, 0);
    Atomics.store(words, LEFT, grains);
    Atomics.notify(words, LEFT, this.threads - 1);
  }

  /** Takes grains until none are left: many at first, few at the end, so that all threads end together. */
  work(): void {
    const { words } = this;
    for (;;) {
      const left = Atomics.load(words, LEFT);
      if (left <= 0) return;
      const taken = Math.ceil(left / (2 * this.threads));
      if (Atomics.compareExchange(words, LEFT, left, left - taken) !== left) continue;

      this.compute(words[GRAINS]! - left, taken);
      if (Atomics.add(words, DONE, taken) + taken === words[GRAINS]) Atomics.notify(words, DONE);
    }
  }

  private compute(firstGrain: number, taken: number): void {
    const { words } = this;
    const n = words[ARG_COUNT]!;
    if (this.serial !== words[SERIAL]) {
      this.serial = words[SERIAL]!;
      this.call = [
        ...words.subarray(ARGS, ARGS + n),
        0,
        0,
        words[SCRATCH]! + this.thread * words[SCRATCH_BYTES]!,
      ];
    }
    this.call[n] = firstGrain * words[GRAIN]!;
    this.call[n + 1] = Math.min((firstGrain + taken) * words[GRAIN]!, words[COUNT]!);
    this.kernels[words[KERNEL]!]!(...this.call);
  }

  /** Sleeps until there is work. False: there will be none. */
  awaitWork(): boolean {
    for (let spins = 0; ; spins++) {
      const left = Atomics.load(this.words, LEFT);
      if (left !== 0) return left > 0;
      if (spins < SPINS) pause();
      else Atomics.wait(this.words, LEFT, 0);
    }
  }

  /** Sleeps until the op has ended. False: a thread failed, or for two spells of `patienceMs` none got on. */
  awaitEnd(patienceMs: number): boolean {
    const grains = this.words[GRAINS]!;
    let idle = 0; // spells; one may be the whole process's, stopped and resumed
    for (let spins = 0; ; spins++) {
      const done = Atomics.load(this.words, DONE);
      if (done === grains) return true;
      if (done < 0) return false;
      if (spins < SPINS) pause();
      else if (Atomics.wait(this.words, DONE, done, patienceMs) !== 'timed-out') idle = 0;
      else if (Atomics.load(this.words, DONE) === done && ++idle === 2) return false;
    }
  }

  /** Says that this thread will not do what it took. */
  fail(): void {
    Atomics.sub(this.words, DONE, FAILURE);
    Atomics.notify(this.words, DONE);
  }

  /** Sends home all threads that come for work. */
  dismiss(): void {
    Atomics.store(this.words, LEFT, GO_HOME);
    Atomics.notify(this.words, LEFT);
  }
}
