/** What the CDK's command line runs: the site and the stage come by `-c`, and where the bundles lie; cdk.json names this file. */
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readSite } from '../read-site.ts';
import { createApp } from './create-app.ts';
import { stageOf } from './stage.ts';

const SITE = 'sites/cloud.ts';
const BUNDLES = join(import.meta.dirname, '../../dist/lambda');

try {
  const context = new App({ autoSynth: false }).node; // only reads what the command line hands over
  const file = String(context.tryGetContext('site') ?? SITE);
  const stage = stageOf(String(context.tryGetContext('stage') ?? 'dev'));
  const bundles = String(context.tryGetContext('bundles') ?? BUNDLES);
  createApp({ site: await readSite(file), stage, bundles }).app.synth();
} catch (error) {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  console.error(error.message);
  process.exit(1);
}
