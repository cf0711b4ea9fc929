import * as z from 'zod';
import {
  type ChatTool,
  checkTools,
  FunctionName,
  FunctionObject,
  FunctionType,
  MAX_TOOLS,
  type ToolFields,
} from './tools.ts';

/** A tool as /v1/responses has it. Source: OpenAI OpenAPI 2.3.0, FunctionTool. */
export const ResponseTool = z.strictObject({ type: FunctionType, ...FunctionObject.shape });

const NamedTool = z.strictObject({ type: FunctionType, name: FunctionName });
type NamedTool = z.infer<typeof NamedTool>;

/** Source: OpenAI OpenAPI 2.3.0, ToolChoiceOptions, ToolChoiceFunction, ToolChoiceAllowed. */
export const ResponseToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.discriminatedUnion(
    'type',
    [
      NamedTool,
      z.strictObject({
        type: z.literal('allowed_tools'),
        mode: z.enum(['auto', 'required']),
        tools: z.array(NamedTool).min(1).max(MAX_TOOLS),
      }),
    ],
    {
      error: ({ code }) => (code === 'invalid_union' ? 'must be "function" or "allowed_tools"' : undefined),
    },
  ),
]);

/** What of a request is about tools. */
export interface ResponseToolFields {
  readonly tools?: readonly z.infer<typeof ResponseTool>[] | null | undefined;
  readonly tool_choice?: z.infer<typeof ResponseToolChoice> | null | undefined;
  readonly parallel_tool_calls?: boolean | null | undefined;
}

/** The same as a chat has it. */
export function toChatTools({
  tools,
  tool_choice: choice,
  parallel_tool_calls,
}: ResponseToolFields): ToolFields {
  return {
    tools: tools?.map(({ type, ...described }): ChatTool => ({ type, function: described })),
    tool_choice: toChatChoice(choice),
    parallel_tool_calls,
  };
}

function toChatChoice(choice: ResponseToolFields['tool_choice']): ToolFields['tool_choice'] {
  if (choice == null || typeof choice === 'string') return choice;
  if (choice.type === 'function') return toChatName(choice);
  return {
    type: 'allowed_tools',
    allowed_tools: { mode: choice.mode, tools: choice.tools.map(toChatName) },
  };
}

const toChatName = ({ name }: NamedTool) => ({ type: 'function' as const, function: { name } });

/** `checkTools`, whose paths have two words more than ours. */
export function checkResponseTools(fields: ResponseToolFields, context: z.RefinementCtx): void {
  const ours = (key: PropertyKey) => key !== 'function' && key !== 'allowed_tools';
  checkTools(toChatTools(fields), {
    addIssue: ({ path, ...issue }) => context.addIssue({ ...issue, path: path.filter(ours) }),
  });
}
