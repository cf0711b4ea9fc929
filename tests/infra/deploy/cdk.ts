import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface CdkResult {
  readonly code: number;
  /** What it printed, to either stream. */
  readonly output: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const CLI = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin/cdk');
const MAX_OUTPUT_BYTES = 16 * 2 ** 20;

/**
 * Runs the `cdk` that npm brings, in this repository, with nothing of the caller's environment but where programs are.
 * It is told to ask nobody whether there is news.
 */
export function runCdk(
  environment: Readonly<Record<string, string>>,
  home: string,
  args: readonly string[],
): Promise<CdkResult> {
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`, // cdk.json says `node`
    HOME: home,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: '1',
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, '--no-notices', '--no-color', '--ci', '--no-lookups', ...args],
      { cwd: ROOT, env, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` }),
    );
  });
}
