// What a schema allows is what Ajv says it allows, and every value in the table can be written.
import { describe, expect, test } from 'vitest';
import type { Matcher } from '../../../engine/grammar/grammar.ts';
import { createGrammars } from '../../../engine/grammar/grammars.ts';
import type { Dialect } from '../../../engine/grammar/json-rules.ts';
import { schemaRule } from '../../../engine/grammar/schema/schema-rule.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { byteVocabulary } from '../../support/byte-vocabulary.ts';
import { randomPick, write } from '../../support/held-samples.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { judge } from '../../support/schema-judge.ts';
import { SCHEMAS } from '../../support/schema-table.ts';

const bytes = byteVocabulary();
const llama3 = createBpeTokenizer(llama3Vocabulary());
const overBytes = createGrammars(bytes);
const overLlama3 = createGrammars(llama3);

const pickOfLlama3 = randomPick(llama3, 5);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const held = (schema: unknown, grammars = overBytes, dialect: Dialect = 'json'): Matcher =>
  grammars.matcher(dialect + JSON.stringify(schema), () => schemaRule(schema, dialect));

function allows(matcher: Matcher, text: string): boolean {
  for (const byte of encoder.encode(text)) {
    if (!matcher.accepts(byte)) return false;
    matcher.push(byte);
  }
  return matcher.isComplete;
}

/** The text is what may be written so far. */
function expectPrefix(schema: unknown, text: Uint8Array): void {
  const matcher = held(schema);
  for (const byte of text) matcher.push(byte); // throws
}

const cases = SCHEMAS.map((one, i) => ({ ...one, name: `${i}: ${JSON.stringify(one.schema).slice(0, 90)}` }));

describe.each(cases)('$name', ({ schema, valid, invalid }) => {
  const isValid = judge(schema);

  test('allows what it should, and nothing else', () => {
    for (const value of valid) {
      expect(isValid(value), `Ajv allows ${JSON.stringify(value)}`).toBe(true);
      expect(allows(held(schema), JSON.stringify(value)), JSON.stringify(value)).toBe(true);
    }
    for (const value of invalid) {
      expect(isValid(value), `Ajv allows ${JSON.stringify(value)}`).toBe(false);
      expect(allows(held(schema), JSON.stringify(value)), JSON.stringify(value)).toBe(false);
    }
  });

  test('holds random bytes to it', () => {
    let whole = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { bytes: said, isWhole } = write(held(schema), bytes, randomPick(bytes, seed), 600);
      if (!isWhole) {
        expectPrefix(schema, said);
        continue;
      }
      whole++;
      const text = decoder.decode(said);
      expect(isValid(JSON.parse(text)), text).toBe(true);
    }
    expect(whole).toBeGreaterThan(6);
  });

  test("holds random tokens of Llama 3's to it", () => {
    const { bytes: said, isWhole } = write(held(schema, overLlama3), llama3, pickOfLlama3, 300);
    expectPrefix(schema, said);
    if (!isWhole) return;
    const text = decoder.decode(said);
    expect(isValid(JSON.parse(text)), text).toBe(true);
  });
});
