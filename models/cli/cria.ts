#!/usr/bin/env node
/** `cria`: the commands for models and for sites. Reads the environment and argv once, and turns errors into exit codes. */
import { setGlobalProxyFromEnv } from 'node:http';
import type { Command, Shell } from './command.ts';
import { GatedModelError, NoSourceError, UsageError } from './errors.ts';

/** Each read only when it is asked for: those for sites need more than the others take. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  pull: async () => (await import('./pull-command.ts')).pullCommand,
  list: async () => (await import('./list.ts')).listCommand,
  inspect: async () => (await import('./inspect.ts')).inspectCommand,
  pack: async () => (await import('./pack-command.ts')).packCommand,
  publish: async () => (await import('./publish-command.ts')).publishCommand,
  keys: async () => (await import('../../infra/cli/keys-command.ts')).keysCommand,
  doctor: async () => (await import('../../infra/cli/doctor-command.ts')).doctorCommand,
  plan: async () => (await import('../../infra/cli/plan-command.ts')).planCommand,
  emit: async () => (await import('../../infra/cli/emit-command.ts')).emitCommand,
  up: async () => (await import('../../infra/cli/up-command.ts')).upCommand,
  down: async () => (await import('../../infra/cli/down-command.ts')).downCommand,
};

async function usage(): Promise<string> {
  const lines = Object.entries(COMMANDS).map(
    async ([name, load]) => `  ${name.padEnd(10)}${(await load()).summary}`,
  );
  return `cria <command> [--help]\n\n${(await Promise.all(lines)).join('\n')}\n\n${EXIT_CODES}\n`;
}

const EXIT_CODES =
  'Exit codes: 0 done, 1 failed, 2 the command line is wrong, 3 a licence is not accepted yet, 130 interrupted.';
const FAILED = 1;
const WRONG_USAGE = 2;
const GATED = 3;
const INTERRUPTED = 130; // 128 + SIGINT, as shells count

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());
setGlobalProxyFromEnv();
process.exitCode = await main(process.argv.slice(2), {
  environment: process.env,
  terminal: {
    write: (text) => process.stdout.write(text),
    columns: process.stdout.columns ?? 80,
    now: () => performance.now(),
  },
  interactive: process.stdout.isTTY === true,
  signal: interrupt.signal,
});

async function main([name, ...args]: readonly string[], shell: Shell): Promise<number> {
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? await COMMANDS[name]!() : undefined;
  const wantsHelp = args.includes('--help') || args.includes('-h');
  try {
    if (command !== undefined && wantsHelp) shell.terminal.write(command.help);
    else if (command !== undefined) await command.run(args, shell);
    else if (name === undefined || name === '--help' || name === '-h') shell.terminal.write(await usage());
    else throw new UsageError(`there is no command '${name}'\n\n${(await usage()).trimEnd()}`);
    return 0;
  } catch (error) {
    if (shell.signal.aborted) {
      process.stderr.write('\ninterrupted; run the same command again to go on\n');
      return INTERRUPTED;
    }
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (args.includes('--json'))
      shell.terminal.write(
        `${JSON.stringify({ event: 'error', code: error.code, message: error.message })}\n`,
      );
    else
      process.stderr.write(
        `error: ${isWrongOption(error) ? shortened(error.message, name!) : error.message}\n`,
      );
    return exitCodeOf(error);
  }
}

function isWrongOption({ code }: { code?: unknown }): boolean {
  return String(code).startsWith('ERR_PARSE_ARGS');
}

/** Node goes on about what nobody meant. */
function shortened(message: string, command: string): string {
  return `${message.split('. ')[0]}: see 'cria ${command} --help'`;
}

function exitCodeOf(error: Error & { code?: unknown }): number {
  if (error instanceof UsageError || isWrongOption(error)) return WRONG_USAGE;
  const gated =
    error instanceof GatedModelError ||
    (error instanceof NoSourceError && error.problems.some((problem) => problem instanceof GatedModelError));
  return gated ? GATED : FAILED;
}
