import * as z from 'zod';
import type { CompletionRequest } from '../../engine/engine.ts';
import { jsonFits } from '../json-fits.ts';

export const MAX_TOOLS = 128; // OpenAI's limit
const MAX_DESCRIPTION = 16_384;
const MAX_SCHEMA = { depth: 64, characters: 262_144 };

export const FunctionName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, underscores and dashes');

/** The type of a tool, or of a call of one. */
export const FunctionType = z.literal('function', {
  error: ({ input }) => `type ${JSON.stringify(input)} is not supported; only "function" is`,
});

/** Source: OpenAI OpenAPI 2.3.0, FunctionObject. */
export const FunctionObject = z.strictObject({
  name: FunctionName,
  description: z.string().max(MAX_DESCRIPTION).nullish(),
  parameters: z
    .record(z.string(), z.unknown())
    .refine((schema) => jsonFits(schema, MAX_SCHEMA), {
      error: `is larger than ${MAX_SCHEMA.characters} characters, or nested deeper than ${MAX_SCHEMA.depth}`,
    })
    .refine(({ type }) => type === undefined || type === 'object', {
      path: ['type'],
      error: 'must be "object": arguments come by name',
    })
    .nullish(),
  strict: z.boolean().nullish(),
});

/** Source: OpenAI OpenAPI 2.3.0, ChatCompletionTool. */
export const ChatTool = z.strictObject({ type: FunctionType, function: FunctionObject });
export type ChatTool = z.infer<typeof ChatTool>;

const NamedTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({ name: FunctionName }),
});
type NamedTool = z.infer<typeof NamedTool>;

const AllowedTools = z.strictObject({
  type: z.literal('allowed_tools'),
  allowed_tools: z.strictObject({
    mode: z.enum(['auto', 'required']),
    tools: z.array(NamedTool).min(1).max(MAX_TOOLS),
  }),
});

/** Source: OpenAI OpenAPI 2.3.0, ChatCompletionToolChoiceOption. */
export const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.discriminatedUnion('type', [NamedTool, AllowedTools], {
    error: ({ code }) => (code === 'invalid_union' ? 'must be "function" or "allowed_tools"' : undefined),
  }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

/** What of a request is about tools. */
export interface ToolFields {
  readonly tools?: readonly ChatTool[] | null | undefined;
  readonly tool_choice?: ToolChoice | null | undefined;
  readonly parallel_tool_calls?: boolean | null | undefined;
}

/** Takes what is wrong with a request. */
interface Complaints {
  addIssue(issue: { readonly code: 'custom'; readonly path: PropertyKey[]; readonly message: string }): void;
}

/** Adds an issue for a name that is there twice, and for a choice of what is not there. */
export function checkTools({ tools, tool_choice: choice }: ToolFields, context: Complaints): void {
  const names = new Set<string>();
  const refuse = (path: PropertyKey[], message: string) =>
    context.addIssue({ code: 'custom', path, message });

  for (const [i, { function: described }] of (tools ?? []).entries()) {
    if (names.has(described.name))
      refuse(['tools', i, 'function', 'name'], `'${described.name}' is the name of an earlier tool`);
    names.add(described.name);
  }
  if (choice === 'required' && names.size === 0)
    refuse(['tool_choice'], 'is "required", and there are no tools');
  for (const [path, { function: named }] of namedBy(choice))
    if (!names.has(named.name))
      refuse([...path, 'function', 'name'], `'${named.name}' is not the name of a tool of this request`);
}

function namedBy(choice: ToolFields['tool_choice']): (readonly [PropertyKey[], NamedTool])[] {
  if (typeof choice !== 'object' || choice === null) return [];
  if (choice.type === 'function') return [[['tool_choice'], choice]];
  return choice.allowed_tools.tools.map(
    (named, i) => [['tool_choice', 'allowed_tools', 'tools', i], named] as const,
  );
}

type EngineTools = Pick<CompletionRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;
type EngineTool = NonNullable<EngineTools['tools']>[number];

/** Tools in the engine's words. */
export function toEngineTools({ tools, tool_choice, parallel_tool_calls }: ToolFields): EngineTools {
  if (tools == null || tools.length === 0) return {};
  return {
    tools: tools.map(toTool),
    toolChoice: toChoice(tool_choice ?? 'auto'),
    parallelToolCalls: parallel_tool_calls ?? true,
  };
}

function toChoice(choice: ToolChoice): NonNullable<EngineTools['toolChoice']> {
  if (typeof choice === 'string') return choice;
  if (choice.type === 'function') return { name: choice.function.name };
  const { mode, tools } = choice.allowed_tools;
  return { mode, names: tools.map((named) => named.function.name) };
}

function toTool({ function: { name, description, parameters, strict } }: ChatTool): EngineTool {
  return {
    name,
    ...(description != null && { description }),
    ...(parameters != null && { parameters }),
    strict: strict ?? false,
  };
}
