/**
 * Does Cria say what llama.cpp says? Runs both on the same GGUF file, one thread each, and prints how far they agree.
 *
 *     node scripts/compare-llama-cpp.ts [model.gguf]
 *
 * Twice: on the file as it is, where both round activations to int8 and any two runs drift apart (llama.cpp with an f32
 * cache against itself with an f16 one is printed beside it as the measure of that), and on the same weights written out
 * as f32, where nobody rounds and the two must be equal but for the last digits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dequantiseGguf } from '../bench/dequantise-gguf.ts';
import { greedyAgreement, sameIds, type TextAgreement, textAgreement } from '../bench/peers/agreement.ts';
import { openCria } from '../bench/peers/cria-predictor.ts';
import { openLlamaCpp } from '../bench/peers/llama-cpp-predictor.ts';
import type { Predictor } from '../bench/peers/predictor.ts';
import { AGREEMENT_PROMPTS, AGREEMENT_TEXT } from '../tests/support/agreement.ts';
import { smollm2Path } from '../tests/support/smollm2.ts';

const CONTEXT = 1024;
const REPLY_TOKENS = 64;
const TEXT_TOKENS = 512;

const given = process.argv[2] ?? smollm2Path();
const folder = await mkdtemp(join(tmpdir(), 'cria-compare-'));
try {
  const plain = join(folder, 'f32.gguf');
  await dequantiseGguf(given, plain);
  for (const [title, path] of [
    ['The file as it is', given],
    ['The same weights as f32', plain],
  ] as const)
    await compare(title, path);
} finally {
  await rm(folder, { recursive: true });
}

async function compare(title: string, path: string): Promise<void> {
  const cria = await openCria(path, CONTEXT);
  const peer = await openLlamaCpp(path, { contextSize: CONTEXT, cache: 'f16' });
  const peerToo = await openLlamaCpp(path, { contextSize: CONTEXT, cache: 'f32' });
  try {
    console.log(`\n## ${title}\n`);
    await compareText(cria, peer, peerToo);
    await compareReplies(cria, peer);
  } finally {
    await Promise.all([cria.close(), peer.close(), peerToo.close()]);
  }
}

async function compareText(cria: Predictor, peer: Predictor, peerToo: Predictor): Promise<void> {
  const ids = sameIds(cria, peer, [{ text: AGREEMENT_TEXT }]).subarray(0, TEXT_TOKENS + 1);
  console.log('| what each expects next in a text | tokens | same | mean abs Δ ln p | perplexity |');
  console.log('| --- | --- | --- | --- | --- |');
  const row = (
    name: string,
    { tokens, topOne, meanLogProbDifference, perplexity: { ours, peer } }: TextAgreement,
  ) =>
    console.log(
      `| ${name} | ${tokens} | ${(100 * topOne).toFixed(1)} % | ${meanLogProbDifference.toFixed(4)} | ` +
        `${ours.toFixed(3)} and ${peer.toFixed(3)} |`,
    );
  row('Cria and llama.cpp', await textAgreement(cria, peer, ids));
  row('llama.cpp with an f32 cache and with an f16 one', await textAgreement(peerToo, peer, ids));
}

async function compareReplies(cria: Predictor, peer: Predictor): Promise<void> {
  console.log('\n| greedy reply to | same tokens | gap of the best two where they part |');
  console.log('| --- | --- | --- |');
  for (const prompt of AGREEMENT_PROMPTS) {
    const ids = sameIds(cria, peer, prompt);
    const { same, tokens, gapAtDifference } = await greedyAgreement(cria, peer, ids, REPLY_TOKENS);
    const asked = prompt
      .map((segment) => ('text' in segment ? segment.text : ''))
      .join(' ')
      .trim();
    const shown = asked
      .split('\n')
      .find((line) => line.includes(' '))!
      .slice(0, 48);
    console.log(`| ${shown} | ${same} of ${tokens} | ${gapAtDifference?.toFixed(4) ?? '-'} |`);
  }
}
