import type { Tool } from '../../models/prompts/prompt.ts';
import type { CompletionRequest, ToolChoice } from '../engine.ts';

/** What a reply may call. */
export interface OfferedTools {
  /** What the model is told of. */
  readonly told: readonly Tool[];
  /** What it may call, and where each stands in the request. */
  readonly callable: readonly { readonly tool: Tool; readonly place: number }[];
  /** Whether it has to call one. */
  readonly isForced: boolean;
  /** Whether it may make more than one call. */
  readonly isParallel: boolean;
}

/** Reads the request's choice. A tool that is not chosen is told of all the same: the prompt stays as it was. */
export function offeredTools(request: CompletionRequest): OfferedTools {
  const { tools = [], toolChoice = 'auto', parallelToolCalls: isParallel = true } = request;
  const names = typeof toolChoice === 'string' ? undefined : namesOf(toolChoice);
  const mode =
    typeof toolChoice === 'string' ? toolChoice : 'names' in toolChoice ? toolChoice.mode : 'required';
  const told = mode === 'none' ? [] : tools;
  const callable = told
    .map((tool, place) => ({ tool, place }))
    .filter(({ tool }) => names === undefined || names.includes(tool.name));
  return { told, callable, isForced: mode === 'required' && callable.length > 0, isParallel };
}

function namesOf(choice: Exclude<ToolChoice, string>): readonly string[] {
  return 'names' in choice ? choice.names : [choice.name];
}
