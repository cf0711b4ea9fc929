/**
 * A strict reader of Prometheus' text format 0.0.4. Written from its specification and not from our writer: it refuses
 * what Prometheus would, and what its best practices would.
 *
 * Source   prometheus.io/docs/instrumenting/exposition_formats, prometheus.io/docs/concepts/data_model
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SUFFIXES = /_(bucket|sum|count)$/;

/** Throws Error with the line that is wrong. */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { name: string; type: Family['type']; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: string | undefined;

  for (const line of text.slice(0, -1).split('\n')) {
    const refuse = (why: string) => {
      throw new Error(`${why}: ${line}`);
    };
    if (line.startsWith('# HELP ')) {
      const [, name, rest] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
      if (name === undefined || rest === undefined) return refuse('no help');
      if (families.has(name)) refuse('a family twice');
      help = { name, text: rest };
    } else if (line.startsWith('# TYPE ')) {
      const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
      if (name === undefined || type === undefined) return refuse('no type');
      if (!NAME.test(name)) refuse('no name of a metric');
      if (help?.name !== name) refuse('a type without its help before it');
      families.set(name, { name, type: type as Family['type'], help: help!.text, samples: [] });
      current = name;
    } else {
      const sample = readSample(line);
      const base = sample.name.replace(SUFFIXES, '');
      const name = families.get(base)?.type === 'histogram' ? base : sample.name;
      if (name !== current) refuse('a sample outside its family');
      const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(key)) refuse('a sample twice');
      seen.add(key);
      families.get(name)!.samples.push(sample);
    }
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function readSample(line: string): Sample {
  const [, name, rest] = /^([^\s{]+)(.*)$/s.exec(line) ?? [];
  if (name === undefined || !NAME.test(name)) throw new Error(`no name of a metric: ${line}`);
  const labels: Record<string, string> = {};
  let left = rest!;
  if (left.startsWith('{')) {
    left = left.slice(1);
    while (!left.startsWith('}')) {
      const [all, label, value] = /^([^=]+)="((?:[^"\\\n]|\\["\\n])*)",?/.exec(left) ?? [];
      if (all === undefined || !LABEL.test(label!) || label!.startsWith('__'))
        throw new Error(`no label: ${line}`);
      if (label! in labels) throw new Error(`a label twice: ${line}`);
      labels[label!] = value!.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
      left = left.slice(all.length);
    }
    left = left.slice(1);
  }
  const [, number] = /^ (\+Inf|-Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(left) ?? [];
  if (number === undefined) throw new Error(`no value: ${line}`);
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}

function checkFamily({ name, type, samples }: Family): void {
  if (type === 'counter') {
    if (!name.endsWith('_total')) throw new Error(`${name}: a counter ends in _total`);
    if (samples.some(({ value }) => !(value >= 0))) throw new Error(`${name}: a counter below 0`);
  } else if (name.endsWith('_total')) throw new Error(`${name}: only a counter ends in _total`);
  if (type === 'histogram') checkHistogram(name, samples);
}

/** Of each set of labels: buckets that do not fall, up to +Inf, whose count is the count; and a sum. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const bySet = Map.groupBy(samples, ({ labels: { le: _, ...rest } }) =>
    JSON.stringify(Object.entries(rest).sort()),
  );
  for (const [set, all] of bySet) {
    const refuse = (why: string) => {
      throw new Error(`${name}${set}: ${why}`);
    };
    const buckets = all.filter((one) => one.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels.le!.replace('Inf', 'Infinity')));
    if (bounds.at(-1) !== Infinity) refuse('no bucket to +Inf');
    if (bounds.some((bound, i) => i > 0 && !(bound > bounds[i - 1]!))) refuse('bounds that do not rise');
    if (buckets.some(({ value }, i) => i > 0 && value < buckets[i - 1]!.value)) refuse('buckets that fall');
    const [count] = all.filter((one) => one.name === `${name}_count`);
    if (count?.value !== buckets.at(-1)!.value) refuse('a count that is not its last bucket');
    if (all.filter((one) => one.name === `${name}_sum`).length !== 1) refuse('no sum');
  }
}
