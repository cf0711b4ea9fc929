/** What a command says while it works, in one of three voices: a bar, plain lines, or JSON lines. */
export type CliEvent =
  | {
      readonly event: 'licence';
      readonly model: string;
      readonly name: string;
      readonly url: string;
      readonly notice?: string | undefined;
    }
  | { readonly event: 'file'; readonly file: string; readonly from: string }
  | { readonly event: 'progress'; readonly file: string; readonly done: number; readonly total: number }
  | { readonly event: 'skipped'; readonly from: string; readonly problem: string }
  | {
      readonly event: 'saved';
      readonly file: string;
      readonly path: string;
      readonly checked: boolean;
      readonly seconds: number;
    }
  | { readonly event: 'present'; readonly file: string; readonly path: string }
  | { readonly event: 'packing'; readonly file: string; readonly layout: string }
  | {
      readonly event: 'packed';
      readonly path: string; // of the folder
      readonly files: number;
      readonly bytes: number;
      readonly seconds: number;
    }
  | { readonly event: 'held'; readonly file: string; readonly to: string }
  | {
      readonly event: 'sending' | 'would_send';
      readonly file: string;
      readonly to: string;
      readonly bytes: number;
    }
  | {
      readonly event: 'published';
      readonly model: string;
      readonly version: string;
      readonly to: string;
      readonly dryRun: boolean;
      readonly bytes: number; // that were sent, or would have been
      readonly seconds: number;
    };

export type Reporter = (event: CliEvent) => void;

/** Where a reporter writes and how it tells time. */
export interface Terminal {
  readonly write: (text: string) => void;
  readonly columns: number;
  readonly now: () => number; // ms
}

/** One JSON object a line; progress at most every half second. */
export function jsonReporter({ write, now }: Terminal): Reporter {
  const due = every(500, now);
  return (event) => {
    if (event.event !== 'progress' || due(event.done === event.total)) write(`${JSON.stringify(event)}\n`);
  };
}

/** For logs: a line when something happens, and one for every tenth of a file. */
export function lineReporter({ write }: Terminal): Reporter {
  let tenth = 0;
  return (event) => {
    if (event.event !== 'progress') {
      tenth = 0;
      return write(`${sentence(event)}\n`);
    }
    const now = Math.floor((event.done / event.total) * 10);
    if (now <= tenth || now === 10) return;
    tenth = now;
    write(
      `  ${Math.floor((event.done / event.total) * 100)} %  ${megabytes(event.done)} of ${megabytes(event.total)}\n`,
    );
  };
}

/** For people: one line that is redrawn, with speed and time left. */
export function barReporter({ write, columns, now }: Terminal): Reporter {
  const due = every(100, now);
  let started = now();
  let first = -1; // bytes there before this run; -1 until the first progress
  let drawn = false;

  const clear = (): void => {
    if (drawn) write('\r\u001b[K');
    drawn = false;
  };

  return (event) => {
    if (event.event !== 'progress') {
      clear();
      write(`${sentence(event)}\n`);
      started = now();
      first = -1;
      return;
    }
    if (first < 0 || event.done < first) [first, started] = [event.done, now()]; // resumed bytes are not speed
    if (!due(event.done === event.total)) return;
    write(`\r${bar(event.done, event.total, event.done - first, now() - started, columns)}\u001b[K`);
    drawn = true;
  };
}

/** `  ███████░░░░░  62 %  57.1 of 92.9 MB  11.2 MB/s  3 s left`, cut to fit. */
function bar(done: number, total: number, fresh: number, elapsedMs: number, columns: number): string {
  const speed = elapsedMs > 0 ? (fresh / elapsedMs) * 1000 : 0; // bytes a second
  const left = speed > 0 && done < total ? `  ${duration((total - done) / speed)} left` : '';
  const percent = String(Math.floor((done / total) * 100)).padStart(3);
  const text = `${percent} %  ${megabytes(done)} of ${megabytes(total)}  ${megabytes(speed)}/s${left}`;

  const width = Math.max(0, Math.min(30, columns - text.length - 6));
  const filled = Math.round((done / total) * width);
  return `  ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${text}`.slice(0, Math.max(0, columns - 1));
}

function sentence(event: Exclude<CliEvent, { event: 'progress' }>): string {
  switch (event.event) {
    case 'licence':
      return `${event.model}: ${event.name}, ${event.url}${event.notice === undefined ? '' : `\n${event.notice}`}`;
    case 'file':
      return `fetching ${event.file} from ${event.from}`;
    case 'skipped':
      return `${event.problem}; trying ${event.from}`;
    case 'saved':
      return `saved ${event.path} (${event.checked ? 'sha256 checked' : 'no sha256 known to check'}, ${event.seconds.toFixed(1)} s)`;
    case 'present':
      return `${event.path} is already there`;
    case 'packing':
      return `packing ${event.file} as ${event.layout}`;
    case 'packed':
      return `packed into ${event.path} (${event.files} files, ${megabytes(event.bytes)}, ${event.seconds.toFixed(1)} s)`;
    case 'held':
      return `${event.to} has ${event.file}`;
    case 'sending':
      return `sending ${event.file} to ${event.to}`;
    case 'would_send':
      return `would send ${event.file} to ${event.to} (${megabytes(event.bytes)})`;
    case 'published':
      return event.dryRun
        ? `would publish version ${event.version} to ${event.to} (${megabytes(event.bytes)} to send)`
        : `published ${event.model}, version ${event.version}, to ${event.to} (${megabytes(event.bytes)} sent, ${event.seconds.toFixed(1)} s)`;
  }
}

/** True at most once per `periodMs`, and whenever forced. */
function every(periodMs: number, now: () => number): (force: boolean) => boolean {
  let last = -Infinity;
  return (force) => {
    if (!force && now() - last < periodMs) return false;
    last = now();
    return true;
  };
}

export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
