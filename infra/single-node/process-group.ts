import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Signals everything in it, if anything is left. */
export function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Every process group of the machine that runs, with the command lines in it. Those that have ended and whose parent has not looked do not count. */
export async function runningGroups(): Promise<ReadonlyMap<number, readonly string[]>> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,stat=,args='], {
    maxBuffer: 1 << 26,
  });
  const groups = new Map<number, string[]>();
  for (const line of stdout.split('\n')) {
    const [, group, state, args] = /^ *(\d+) +(\S+) +(.*)$/.exec(line) ?? [];
    if (group === undefined || state!.startsWith('Z')) continue;
    groups.set(Number(group), [...(groups.get(Number(group)) ?? []), args!]);
  }
  return groups;
}

/**
 * Whether command lines are of what `cria up` began for this folder: after a restart of the machine a group's number may
 * be another's. While anything of a group runs, its number is not given away again.
 */
export const areOf = (commands: readonly string[] | undefined, folder: string): boolean =>
  commands?.some(
    (args) => args.endsWith(folder) || args.includes(`${folder}/`) || /\bworkerd serve\b/.test(args),
  ) ?? false;
