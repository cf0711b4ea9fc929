/** What holding a reply to a schema costs, beside our engine's own steps, with Llama 3's whole vocabulary. */
import { createChoose } from '../../engine/choose.ts';
import { createGrammars } from '../../engine/grammar/grammars.ts';
import { schemaRule } from '../../engine/grammar/schema/schema-rule.ts';
import { newSequence, type SequenceOptions } from '../../engine/sequence.ts';
import { createNodeDevice } from '../../lambda/device.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
import { loadModel } from '../../models/load.ts';
import { createBpeTokenizer } from '../../models/tokenizer/bpe-tokenizer.ts';
import { llama3Vocabulary } from '../../tests/support/llama3-vocabulary.ts';
import { plain } from '../../tests/support/sampling.ts';
import { peerArgs } from './peer-args.ts';
import { takeCommands } from './take-commands.ts';

const { model, threads, context } = peerArgs();
const device = createNodeDevice(threads);
await using source = await openFileSource(model);
const { llama } = await loadModel(device, source, {
  template: 'base',
  kvType: 'f16',
  maxRows: 1,
  maxLogitRows: 1,
  contextLength: context,
});
const tokenizer = createBpeTokenizer(llama3Vocabulary());
const grammars = createGrammars(tokenizer);
const choose = createChoose(device, llama, tokenizer.vocabSize);

const text = { type: 'string' };
const BOOK = {
  type: 'object',
  properties: {
    title: text,
    summary: { ...text, maxLength: 400 },
    tags: { type: 'array', items: { ...text, maxLength: 30 }, maxItems: 5 },
    published: { ...text, format: 'date' },
    rating: { type: 'number', minimum: 0, maximum: 5 },
    author: {
      type: 'object',
      properties: { name: text, born: { type: ['integer', 'null'] } },
      required: ['name', 'born'],
    },
  },
  required: ['title', 'summary', 'tags', 'published', 'rating', 'author'],
  additionalProperties: false,
};
/** What such a reply says: the model, of random weights, would not. */
const REPLY = tokenizer.encode(
  JSON.stringify({
    title: 'A Tale of Two Cities',
    summary: 'A doctor comes home and meets his daughter.',
    tags: ['historical novel', 'London and Paris'],
    published: '1859-04-30',
    rating: 4.5,
    author: { name: 'Charles Dickens', born: 1812 },
  }),
);
let asked = 0;

/** Milliseconds of all that is awaited. */
async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A grammar that no earlier reply has used: its masks are still to be made. */
function newMatcher() {
  const schema = { ...BOOK, title: `Book ${asked++}` };
  return grammars.matcher(JSON.stringify(schema), () => schemaRule(schema, 'json'));
}
newMatcher().mask(new Uint32Array(Math.ceil(tokenizer.vocabSize / 32))); // the vocabulary's tree is made once, not each time

await takeCommands('Cria in Node, held to a schema', {
  /** Of the time of a reply, sampled at temperature 1, the percentage that holding it to a schema adds. */
  async 'grammar-share'() {
    const cache = llama.newCache(context);
    const matcher = newMatcher();
    const options: SequenceOptions = {
      prompt: REPLY.subarray(0, 1),
      maxTokens: REPLY.length,
      sampling: plain,
      seed: 1,
      stop: [],
      logprobs: undefined,
      echo: undefined,
      tokenizer,
      nowMs: 0,
      cost: undefined,
    };
    const [free, held] = [newSequence(options), newSequence({ ...options, matcher })];

    let [steps, added] = [0, 0];
    for (const id of REPLY) {
      const start = performance.now();
      const logits = llama.forward([{ cache, ids: Uint32Array.of(id), logits: 'last' }]);
      steps += performance.now() - start;
      const choosing = await timed(() => choose(free, logits, 0));
      steps += choosing;
      added += (await timed(() => choose(held, logits, 0))) - choosing;
      added += await timed(() => matcher.push(id));
    }
    llama.freeCache(cache);
    return (100 * added) / steps;
  },
});
