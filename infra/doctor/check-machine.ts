import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { kernelFile } from '../../kernels/wasm/relaxed-simd.ts';
import { memoryText } from '../bytes.ts';
import type { Finding } from './finding.ts';

const NODE = 24;
const LITTLE_MEMORY = 2 ** 29;
const LITTLE_DISK = 2 ** 30; // the smallest model, and room for what is stored

/** What Cria needs of a machine. `home` is where models are kept. */
export async function checkMachine(home: string): Promise<Finding[]> {
  return [node(), simd(), memory(), cores(), await disk(home), await workerd()];
}

const finding = (level: Finding['level'], what: string, advice?: string): Finding => ({
  about: 'machine',
  level,
  what,
  ...(advice === undefined ? {} : { advice }),
});

function node(): Finding {
  const { node } = process.versions;
  return Number.parseInt(node, 10) >= NODE
    ? finding('ok', `Node ${node}`)
    : finding(
        'problem',
        `Node ${node}, and Cria needs ${NODE}`,
        'run it by npm (`npm run cria -- doctor`), which brings the right one',
      );
}

function simd(): Finding {
  return kernelFile().name.includes('relaxed')
    ? finding('ok', 'WebAssembly with relaxed SIMD')
    : finding(
        'warning',
        'WebAssembly without relaxed SIMD: models run, more slowly',
        'use a newer Node, or a processor of the last ten years',
      );
}

function memory(): Finding {
  const text = `${memoryText(totalmem())} of memory, ${memoryText(freemem())} of it free`;
  return freemem() < LITTLE_MEMORY
    ? finding(
        'warning',
        text,
        'end other programs, or serve a smaller model: `npm run cria -- plan` says what each needs',
      )
    : finding('ok', text);
}

function cores(): Finding {
  const count = availableParallelism();
  return count === 1
    ? finding(
        'warning',
        'one processor',
        'the Node server decodes faster with more: CRIA_THREADS follows by itself',
      )
    : finding('ok', `${count} processors`);
}

async function disk(home: string): Promise<Finding> {
  try {
    await mkdir(home, { recursive: true });
    const { bavail, bsize } = await statfs(home);
    const text = `${memoryText(bavail * bsize)} free on the disk of ${home}`;
    return bavail * bsize < LITTLE_DISK
      ? finding('problem', text, 'make room there, or set CRIA_HOME to a folder on a larger disk')
      : finding('ok', text);
  } catch (error) {
    return finding(
      'problem',
      `${home} cannot be used: ${(error as Error).message}`,
      'set CRIA_HOME to a folder that you may write to',
    );
  }
}

async function workerd(): Promise<Finding> {
  try {
    const { default: program } = createRequire(import.meta.url)('workerd') as { readonly default: string };
    const { stdout } = await promisify(execFile)(program, ['--version']);
    return finding('ok', stdout.trim());
  } catch (error) {
    return finding(
      'problem',
      `workerd does not run: ${(error as Error).message.split('\n')[0]}`,
      'run `npm ci` again on this very machine; musl and old glibc have no workerd: serve with Node (`npm run serve`)',
    );
  }
}
