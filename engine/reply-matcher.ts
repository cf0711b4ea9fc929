import type { ToolFormat } from '../models/prompts/tool-format.ts';
import type { Tokenizer } from '../models/tokenizer/tokenizer.ts';
import type { Format } from './engine.ts';
import { SchemaError } from './errors.ts';
import { formatMatcher, formatRule } from './grammar/format.ts';
import type { Matcher } from './grammar/grammar.ts';
import { createGrammars, type Grammars } from './grammar/grammars.ts';
import { jsonRules } from './grammar/json-rules.ts';
import { choice, literal, sequence } from './grammar/rule.ts';
import { within } from './grammar/within.ts';
import { jsonArguments, pythonArguments } from './tool-calls/arguments-rule.ts';
import type { CallOpening } from './tool-calls/call-opening.ts';
import { callsRule } from './tool-calls/calls-rule.ts';
import { type CrossingTokens, crossingTokens } from './tool-calls/crossing-tokens.ts';
import type { OfferedTools } from './tool-calls/offered-tools.ts';
import { createStrictMatcher } from './tool-calls/strict-matcher.ts';

/** Holds replies to what their requests ask for. */
export interface ReplyMatchers {
  /** Undefined when the reply may be anything. Throws SchemaError, with a path from the request on. */
  matcher(format: Format | undefined, offered: OfferedTools): Matcher | undefined;
}

export function createReplyMatchers(tokenizer: Tokenizer, toolFormat: ToolFormat): ReplyMatchers {
  const grammars = createGrammars(tokenizer);
  let known: CrossingTokens | undefined;
  const crossing = () => {
    known ??= crossingTokens(tokenizer);
    return known;
  };

  return {
    matcher(format, offered) {
      const key = `${toolFormat} ${offered.isParallel} ${JSON.stringify(offered.callable)}`;
      const calls = () => callsRule(offered, toolFormat);
      if (offered.isForced) return compiled(() => grammars.matcher(`calls ${key}`, calls));
      if (format && offered.callable.length === 0) return formatMatcher(grammars, format);
      if (format) {
        const either = () => choice([formatRule(format), calls()]);
        return compiled(() => grammars.matcher(`format ${JSON.stringify(format)} or ${key}`, either));
      }
      return strictMatcher(offered);
    },
  };

  function strictMatcher({ callable }: OfferedTools): Matcher | undefined {
    const strict = new Map(callable.filter(({ tool }) => tool.strict).map((one) => [one.tool.name, one]));
    if (strict.size === 0) return undefined;

    const matchArguments = ({ name, form }: CallOpening) => {
      const { tool, place } = strict.get(name)!;
      return within(['tools', place, 'parameters'], () => argumentsMatcher(grammars, tool, form));
    };
    const forms = toolFormat === 'pythonic' ? (['python', 'json'] as const) : (['json', 'python'] as const);
    for (const name of strict.keys()) for (const form of forms) matchArguments({ name, form }); // refused now or never
    const tools = [...strict.values()].map(({ tool }) => tool);
    return createStrictMatcher({ tools, tokenizer, crossing, matchArguments });
  }
}

function argumentsMatcher(
  grammars: Grammars,
  tool: OfferedTools['callable'][number]['tool'],
  form: CallOpening['form'],
): Matcher {
  const { gap, space } = jsonRules('json');
  const rule = () => {
    if (form === 'python') return sequence(pythonArguments(tool), literal(')'));
    return sequence(form === 'json' ? space : gap, jsonArguments(tool));
  };
  return grammars.matcher(`arguments ${form} ${JSON.stringify(tool.parameters)}`, rule);
}

/** What is wrong with a grammar as a whole is wrong with the tools. */
function compiled(make: () => Matcher): Matcher {
  try {
    return make();
  } catch (error) {
    throw error instanceof SchemaError && error.path.length === 0
      ? new SchemaError(['tools'], error.message)
      : error;
  }
}
