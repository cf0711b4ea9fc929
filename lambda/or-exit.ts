/** What a process cannot start without: where it cannot be had, the reason is told, without a stack, and it ends. */
export async function orExit<T>(start: () => T | Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
