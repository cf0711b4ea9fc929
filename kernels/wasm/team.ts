export type Kernels = Record<string, (...args: number[]) => number>;

/** The threads that run a kernel: one, or several over shared memory. */
export interface Team {
  readonly threads: number;
  /**
   * Calls a kernel that takes (…args, first, last, scratch) until all of 0 … count-1 are done, and returns then.
   * A call takes a multiple of `grain` items, or the last of them; each thread has `scratchBytes` from `scratch` on.
   */
  run(
    kernel: string,
    args: readonly number[],
    count: number,
    grain: number,
    scratch?: number,
    scratchBytes?: number,
  ): void;
}

/** The calling thread, and no other. */
export function alone(kernels: Kernels): Team {
  return {
    threads: 1,
    run: (kernel, args, count, _grain, scratch = 0) => void kernels[kernel]!(...args, 0, count, scratch),
  };
}
