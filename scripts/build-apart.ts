import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** `npm run build` in a process of its own: what builds takes 300 MB, and would stay for as long as somebody serves. */
export async function buildApart(signal?: AbortSignal): Promise<void> {
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'build.ts')], { signal });
}
