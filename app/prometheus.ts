// Prometheus' text format 0.0.4, as far as we need it. Source: prometheus.io/docs/instrumenting/exposition_formats
type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(labels: Labels): void;
  render(): string;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
  render(): string;
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One sample with its HELP and TYPE lines. */
export function sample(name: string, type: 'gauge' | 'counter', help: string, value: number): string {
  return `${header(name, type, help)}${name} ${value}\n`;
}

export function createCounter(name: string, help: string): Counter {
  const values = new Map<string, number>();
  return {
    add(labels) {
      const key = render(labels);
      values.set(key, (values.get(key) ?? 0) + 1);
    },
    render: () =>
      header(name, 'counter', help) + [...values].map(([labels, n]) => `${name}${labels} ${n}\n`).join(''),
  };
}

/** Units   `bounds` ascending, each the upper end of a bucket and inside it */
export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const series = new Map<string, { labels: Labels; counts: number[]; sum: number }>();

  return {
    observe(labels, value) {
      const key = render(labels);
      const one = series.get(key) ?? { labels, counts: Array<number>(bounds.length + 1).fill(0), sum: 0 };
      series.set(key, one);

      const bucket = bounds.findIndex((bound) => value <= bound);
      one.counts[bucket === -1 ? bounds.length : bucket]!++;
      one.sum += value;
    },
    render() {
      let text = header(name, 'histogram', help);
      for (const { labels, counts, sum } of series.values()) {
        let total = 0;
        counts.forEach((count, i) => {
          total += count; // buckets on the wire are cumulative
          text += `${name}_bucket${render({ ...labels, le: String(bounds[i] ?? '+Inf') })} ${total}\n`;
        });
        text += `${name}_sum${render(labels)} ${sum}\n${name}_count${render(labels)} ${total}\n`;
      }
      return text;
    },
  };
}

function header(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function render(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
