import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';

const source = readFileSync(createRequire(import.meta.url).resolve('@huggingface/ollama-utils'), 'utf8');

/** Chat templates of the models' own makers by model, as npm @huggingface/ollama-utils carries them. */
export const officialTemplates: ReadonlyMap<string, string> = new Map(
  Array.from(
    source.matchAll(/\n {4}model: "([^"]+)",\n {4}gguf: ([\s\S]+?),\n {4}ollama: \{/g),
    ([, model, literal]) => [model!, String(runInNewContext(literal!))],
  ),
);

export function officialTemplate(model: string): string {
  const template = officialTemplates.get(model);
  if (template === undefined) throw new Error(`@huggingface/ollama-utils has no ${model}`);
  return template;
}
