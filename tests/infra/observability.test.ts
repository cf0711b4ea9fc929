/** The dashboard and the alerts ask for what there is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createGateway } from '../../app/gateway/gateway.ts';
import { Routes } from '../../app/gateway/schema.ts';
import { processSamples } from '../../lambda/process-samples.ts';
import { type Family, readExposition } from '../support/exposition.ts';
import { testApp } from '../support/test-app.ts';

const FOLDER = join(import.meta.dirname, '../../infra/observability');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

interface Panel {
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const dashboard = JSON.parse(read('grafana-dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const rules = (parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** All that the app and the gateway show. */
async function exposed(): Promise<ReadonlyMap<string, Family>> {
  const { app } = testApp({}, { platform: processSamples });
  const routes = Routes.parse({
    backends: [{ name: 'a', url: 'http://a/v1', model: 'm' }],
    routes: [{ model: 'm', to: [{ backend: 'a', weight: 1 }], overflow: [], contextLength: 1, licence: 'x' }],
  });
  const gateway = createGateway({
    ...{ routes, access: undefined, fetch, nowMs: () => 0, secret: () => undefined, newId: () => '' },
    ...{ random: () => 0, log: () => {}, maxBodyBytes: 1, timeoutMs: 1, openMetrics: true },
    ...{ pause: async () => {}, images: { hosts: [] }, startMs: 1 },
  });
  const texts = await Promise.all(
    [app, gateway.app].map(async (one) => (await one.request('/metrics')).text()),
  );
  return new Map(texts.flatMap((text) => [...readExposition(text)]));
}

/** The metrics of a PromQL query, with the labels it selects by: names that stand before no parenthesis. */
function metricsOf(expr: string): { readonly name: string; readonly labels: readonly string[] }[] {
  const plain = expr.replace(/\b(?:by|without) \([^)]*\)/g, '').replace(/\[[^\]]*\]/g, '');
  return [...plain.matchAll(/([a-zA-Z_:][\w:]*)(\{[^}]*\})?(?!\w|\s*\()/g)]
    .filter(([, name]) => !['and', 'or', 'unless', 'instance'].includes(name!) && /[_:]/.test(name!))
    .map(([, name, labels = '']) => ({
      name: name!,
      labels: [...labels.matchAll(/(\w+)\s*[=!]~?/g)].map(([, label]) => label!),
    }));
}

test('the reader of queries finds names and labels', () => {
  expect(
    metricsOf('sum by (le, x) (rate(a_bucket{b="1",c=~"2"}[5m])) / (d:e > 0) and changes(f_g[1m]) == 0'),
  ).toEqual([
    { name: 'a_bucket', labels: ['b', 'c'] },
    { name: 'd:e', labels: [] },
    { name: 'f_g', labels: [] },
  ]);
});

const queries = [
  ...panels.flatMap(({ title, targets }) => targets!.map(({ expr }) => ({ of: title!, expr }))),
  ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
];

test('every metric that a panel or a rule asks for is there, counters by their rate', async () => {
  const families = await exposed();
  for (const { of, expr } of queries) {
    const metrics = metricsOf(expr);
    expect(metrics.length, of).toBeGreaterThan(0);
    for (const { name } of metrics) {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      const family = families.get(name) ?? families.get(base);
      expect(family, `${of}: ${name}`).toBeDefined();
      if (family!.type !== 'gauge') expect(expr, `${of}: ${name}`).toMatch(new RegExp(`rate\\(${name}\\b`));
    }
  }
});

test('every metric of ours stands on the dashboard, but for totals of the engine', async () => {
  const shown = new Set(
    queries.flatMap(({ expr }) =>
      metricsOf(expr).map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')),
    ),
  );
  const missing = [...(await exposed()).keys()].filter((name) => /^cria_/.test(name) && !shown.has(name));
  expect(
    missing.filter((name) => !/^cria_engine_\w+_total$|^cria_gateway_answers_total$/.test(name)),
  ).toEqual([]);
});

describe('the dashboard', () => {
  test('says of every panel what it is, in which unit', () => {
    for (const { title, description, fieldConfig } of panels) {
      expect(title, JSON.stringify(description)).toMatch(/^[A-Z]/);
      expect(description, title).toMatch(/\.$/);
      expect(fieldConfig!.defaults.unit, title).toMatch(/^(short|percentunit|reqps|s|bytes)$/);
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  test('knows its variables, and no panel lies on another', () => {
    const names = ['__rate_interval', '__all', ...dashboard.templating.list.map(({ name }) => name)];
    for (const [, name] of read('grafana-dashboard.json').matchAll(/\$\{?(\w+)/g))
      expect(names).toContain(name);
    const taken = new Set<string>();
    for (const {
      gridPos: { x, y, w, h },
      title,
    } of dashboard.panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++)
        for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column},${line}`), title).toBe(false);
          taken.add(`${column},${line}`);
        }
    }
  });
});

describe('the alerts', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what is wrong, how bad it is, and after how long',
    (_, rule) => {
      expect(rule.for).toMatch(/^\d+m$/);
      expect(rule.labels.severity).toMatch(/^(warning|critical)$/);
      expect(rule.annotations.description).toMatch(/\.$/);
      for (const [, label] of rule.annotations.summary.matchAll(/\$labels\.(\w+)/g))
        if (/\bsum/.test(rule.expr)) expect(/by \(([^)]*)\)/.exec(rule.expr)?.[1], label).toContain(label);
    },
  );

  test('what to do about each stands in docs/operate.md', () => {
    const docs = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
    for (const { alert } of rules) expect(docs).toContain(`\`${alert}\``);
  });
});
