import type { Tool } from '../../models/prompts/prompt.ts';
import type { ToolFormat } from '../../models/prompts/tool-format.ts';
import { choice, literal, type Rule, repeat, sequence, shared } from '../grammar/rule.ts';
import { within } from '../grammar/within.ts';
import { jsonArguments, pythonArguments } from './arguments-rule.ts';
import type { OfferedTools } from './offered-tools.ts';

const MAX_CALLS = 16;

interface CallForm {
  readonly open: string;
  readonly close: string;
  readonly between: string;
  readonly call: (tool: Tool) => Rule;
}

const FORMS: Readonly<Record<ToolFormat, CallForm>> = {
  pythonic: {
    open: '[',
    close: ']',
    between: ', ',
    call: (tool) => sequence(literal(`${tool.name}(`), pythonArguments(tool), literal(')')),
  },
  json: {
    open: '',
    close: '',
    between: '; ',
    call: (tool) => jsonCall(tool, 'parameters'),
  },
  hermes: {
    open: '',
    close: '',
    between: '\n',
    call: (tool) =>
      sequence(literal('<tool_call>\n'), jsonCall(tool, 'arguments'), literal('\n</tool_call>')),
  },
};

/**
 * A reply that is calls and nothing else, in the model's own form: one, or up to 16 where several may be made.
 *
 * Throws   SchemaError, with a path from the request on
 */
export function callsRule({ callable, isParallel }: OfferedTools, format: ToolFormat): Rule {
  const { open, close, between, call } = FORMS[format];
  const any = choice(
    callable.map(({ tool, place }) => within(['tools', place, 'parameters'], () => call(tool))),
  );
  const one = shared(() => any);
  const more = repeat(sequence(literal(between), one), 0, isParallel ? MAX_CALLS - 1 : 0);
  return sequence(literal(open), one, more, literal(close));
}

function jsonCall(tool: Tool, key: string): Rule {
  return sequence(
    literal(`{"name": ${JSON.stringify(tool.name)}, "${key}": `),
    jsonArguments(tool),
    literal('}'),
  );
}
