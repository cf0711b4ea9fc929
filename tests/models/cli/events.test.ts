import { expect, test } from 'vitest';
import { barReporter, type CliEvent, lineReporter } from '../../../models/cli/events.ts';

const progress = (done: number): CliEvent => ({ event: 'progress', file: 'f', done, total: 200_000_000 });

function record(columns = 80) {
  const written: string[] = [];
  let clock = 0;
  const terminal = { write: (text: string) => written.push(text), columns, now: () => clock };
  return {
    written,
    terminal,
    after: (ms: number) => {
      clock += ms;
    },
  };
}

test('lineReporter() writes one line for every tenth, and none at the end', () => {
  const { written, terminal } = record();
  const report = lineReporter(terminal);
  for (let done = 0; done <= 200_000_000; done += 1_000_000) report(progress(done));
  expect(written).toHaveLength(9);
  expect(written[0]).toBe('  10 %  20.0 MB of 200.0 MB\n');
});

test('lineReporter() says how much there is, not which tenth it has passed', () => {
  const { written, terminal } = record();
  lineReporter(terminal)(progress(37_000_000));
  expect(written).toEqual(['  18 %  37.0 MB of 200.0 MB\n']);
});

test('barReporter() counts speed and time left from the bytes of this run', () => {
  const { written, terminal, after } = record();
  const report = barReporter(terminal);
  report({ event: 'file', file: 'f', from: 'hub' });
  report(progress(100_000_000)); // what was here already
  after(1000);
  report(progress(120_000_000));
  expect(written.at(-1)).toContain(' 60 %  120.0 MB of 200.0 MB  20.0 MB/s  4 s left');
});

test('barReporter() never fills the last column, where a terminal would wrap', () => {
  const { written, terminal } = record(40);
  const report = barReporter(terminal);
  report(progress(100_000_000));
  expect(written.at(-1)!.replace('\r', '').replace('\u001b[K', '').length).toBeLessThan(40);
});

test('barReporter() wipes the bar before a sentence', () => {
  const { written, terminal } = record();
  const report = barReporter(terminal);
  report(progress(1));
  report({ event: 'present', file: 'f', path: '/f' });
  expect(written.slice(-2)).toEqual(['\r\u001b[K', '/f is already there\n']);
});
