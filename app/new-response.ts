import type { ResponseObject, ResponseRequest } from './schemas/responses.ts';

/** What is not in its request. */
export interface Known {
  readonly id: string;
  readonly model: string;
  readonly nowMs: number;
  readonly conversation: string | undefined;
}

/** A response before anything is said: what was asked for, and what that means when it was not said. */
export function newResponse(
  request: ResponseRequest,
  { id, model, nowMs, conversation }: Known,
): ResponseObject {
  return {
    id,
    object: 'response',
    created_at: Math.floor(nowMs / 1000),
    completed_at: null,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model,
    output: [],
    instructions: request.instructions ?? null,
    previous_response_id: request.previous_response_id ?? null,
    conversation: conversation === undefined ? null : { id: conversation },
    store: request.store ?? true,
    background: false,
    temperature: request.temperature ?? 1,
    top_p: request.top_p ?? 1,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    truncation: request.truncation ?? 'disabled',
    text: { format: request.text?.format ?? { type: 'text' } },
    tools: (request.tools ?? []).map(({ type, name, description, parameters, strict }) => ({
      type,
      name,
      ...(description != null && { description }),
      parameters: parameters ?? null,
      strict: strict ?? false,
    })),
    tool_choice: request.tool_choice ?? 'auto',
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    top_logprobs: request.top_logprobs ?? 0,
    metadata: request.metadata ?? {},
    safety_identifier: request.safety_identifier ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    service_tier: 'default',
  };
}
