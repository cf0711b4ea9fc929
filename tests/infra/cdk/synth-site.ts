import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { createApp } from '../../../infra/cdk/create-app.ts';
import { type StageName, stageOf } from '../../../infra/cdk/stage.ts';
import type { Plan } from '../../../infra/plan.ts';
import { parseSite, type SiteInput } from '../../../infra/site.ts';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what CloudFormation's many types have
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

export interface Synthesized {
  readonly plan: Plan;
  readonly stage: StageName;
  readonly template: Template;
  readonly text: string;
  /** Those of one type, by their logical ids. */
  readonly all: (type: string) => [id: string, resource: Resource][];
}

/** A name as logical ids have it. */
export const idOf = (name: string): string => name.replaceAll('-', '');

/** One stage of a site as CloudFormation; the bundles are two empty programs. Throws what `cdk synth` would refuse. */
export function synthSite(input: SiteInput, stage: StageName = 'dev'): Synthesized {
  const folder = mkdtempSync(join(tmpdir(), 'cria-cdk-'));
  try {
    const bundles = join(folder, 'lambda');
    for (const name of ['gateway', 'function']) {
      mkdirSync(join(bundles, name), { recursive: true });
      writeFileSync(join(bundles, name, 'index.mjs'), 'export {};\n');
    }
    const {
      app,
      stack,
      plan: planned,
    } = createApp({
      site: parseSite(input, 'the site'),
      stage: stageOf(stage),
      bundles,
      outdir: join(folder, 'out'),
    });
    app.synth(); // cdk-nag's findings are errors
    const template = Template.fromStack(stack);
    const resources: Record<string, Resource> = template.toJSON().Resources;
    return {
      plan: planned,
      stage,
      template,
      text: JSON.stringify(template.toJSON()),
      all: (type) => Object.entries(resources).filter(([, { Type }]) => Type === type),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
