import { Board } from './board.ts';

/** What a thread needs to join a team; structured clone carries all of it. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory; // shared
  readonly words: Int32Array<SharedArrayBuffer>; // the team's board
  readonly threads: number; // in the team
  readonly thread: number; // 1 …; 0 is the one that asks for ops
}

/** The life of a thread beside the one that asks for ops. Returns when the team is dismissed. */
export function runThread({ module, memory, words, threads, thread }: ThreadStart): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const board = new Board(words, threads, thread, exports);
  try {
    while (board.awaitWork()) board.work();
  } catch (error) {
    board.fail();
    throw error;
  }
}
