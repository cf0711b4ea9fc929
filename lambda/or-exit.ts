/** What a process cannot start without: where it cannot be had, the reason is told, without a stack, and it ends. */
export function orExit<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
