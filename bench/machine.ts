import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** Where and of what the figures are. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly v8: string;
  readonly llamaCpp: string; // version of node-llama-cpp
  readonly miniflare: string; // which brings workerd
  readonly commit: string;
  readonly date: string; // UTC
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]!.model,
    cpus: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    v8: process.versions.v8,
    llamaCpp: versionOf('node-llama-cpp'),
    miniflare: versionOf('miniflare'),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function versionOf(name: string): string {
  const url = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')).version;
}
