/**
 * The CDK's command line on a site, after the bundles are built: what it uploads is what lies in dist.
 *
 *     npm run cdk -- deploy -c site=sites/cloud.ts -c stage=dev
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { buildAll } from './build.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
const HELP = `npm run cdk -- <command> [-c site=<site>] [-c stage=dev|prod] [options of cdk]

Builds Cria, and runs the AWS CDK on a site. Commands are the CDK's own:

  synth       writes the template to dist/cdk; asks nobody
  bootstrap   once for each account and region, before the first deploy
  deploy      makes the stack cria-<site>-<stage>, or changes it
  diff        says what a deploy would change
  destroy     removes the stack; weights stay, and in prod what clients stored

  -c site     sites/cloud.ts
  -c stage    dev

docs/deploy.md says the rest; 'npm run cdk -- deploy --help' has the CDK's options.
`;

/** Nothing is asked of npm's registry, or told to AWS, but what a command is for. */
const QUIET = {
  NPM_CONFIG_UPDATE_NOTIFIER: 'false',
  CDK_DISABLE_VERSION_CHECK: '1',
  CDK_DISABLE_CLI_TELEMETRY: 'true',
};

const [command, ...rest] = process.argv.slice(2);
if (command === undefined || command === '--help') process.stdout.write(HELP);
else await run(command, rest);

async function run(command: string, rest: readonly string[]): Promise<void> {
  if (!rest.includes('--help')) await buildAll();
  const child = spawn(process.execPath, [CLI, command, ...rest], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...QUIET },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal!];
  });
}
