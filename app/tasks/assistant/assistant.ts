import type { Prompt } from '../../../engine/engine.ts';
import { createZone } from '../../planner/zone.ts';
import type { RunDeps } from '../../run.ts';
import { DEFAULT_SAMPLING } from '../../schemas/sampling.ts';
import { type AssistantReply, type AssistantRequest, type Step, stepsOf } from '../../schemas/tasks.ts';
import { assistantSystem, OUT_OF_STEPS, toolResult } from '../prompts.ts';
import { progress, type TaskSaid, type TaskWork } from '../task-events.ts';
import type { TaskRun } from '../task-run.ts';
import { carryOut, carryOutConfirmed, type Outcome, readArguments, TOOLS } from './carry-out.ts';
import type { Waiting } from './confirmations.ts';
import { type ModelCall, readTurn } from './read-turn.ts';
import { toEngineTool } from './tool.ts';

type Message = Extract<Prompt, { type: 'chat' }>['messages'][number];

const REPLY = 512; // tokens
const ASKED = {
  stop: [],
  sampling: { ...DEFAULT_SAMPLING, temperature: 0 },
  tools: TOOLS.map(toEngineTool),
  toolChoice: 'auto',
  parallelToolCalls: false,
} as const;

export interface AssistantWork {
  readonly request: AssistantRequest;
  readonly created: AssistantReply;
  readonly owner: string;
  /** What the user has agreed to. */
  readonly confirmed: readonly Waiting[];
}

/**
 * Lets the model use its tools until it has said what it has to say, needs the user's word, or has been asked as often
 * as it may be. What is done is stored before it is told. Once the client has left, nothing more is done.
 *
 * Throws   what `Engine.start` and the storage throw
 */
export async function* assist(
  run: TaskRun,
  deps: Pick<RunDeps, 'storage' | 'now' | 'newId'>,
  { request, created, owner, confirmed }: AssistantWork,
): TaskWork {
  const zone = createZone(request.time_zone ?? 'UTC');
  const system = assistantSystem({ zone, nowMs: deps.now() });
  const messages: Message[] = [{ role: 'system', content: system }, ...request.messages];
  const steps: Step[] = [];
  const take = (step: Step): TaskSaid => {
    steps.push(step);
    return { type: 'task.step', step };
  };
  const end = (status: AssistantReply['status'], message: string): AssistantReply => ({
    ...created,
    ...{ status, message, steps },
    usage: run.usage,
  });

  function* tell(call: ModelCall, { ok, result }: Outcome, beside = ''): Generator<TaskSaid> {
    const { id, name } = call;
    yield take({ type: 'tool_call', id, name, arguments: readArguments(call.arguments) ?? {} });
    yield take({ type: 'tool_result', id, ok, result });
    messages.push({ role: 'assistant', content: beside, toolCalls: [call] });
    messages.push({ role: 'tool', content: toolResult(ok, result) });
  }

  for (const waiting of confirmed) {
    run.signal.throwIfAborted();
    const { id, name } = waiting;
    const outcome = await carryOutConfirmed(waiting, deps, owner);
    yield* tell({ id, name, arguments: JSON.stringify(waiting.arguments) }, outcome);
  }

  const most = stepsOf(request);
  const maxTokens = Math.min(REPLY, Math.floor(run.contextLength / 4));
  for (let asked = 0; asked < most; asked++) {
    const prompt = { type: 'chat', messages: [...messages] } as const;
    const parts = await run.ask({ ...ASKED, prompt, maxTokens });
    yield progress('write', asked, most);
    const { text, calls, reason } = yield* readTurn(parts, deps.newId);
    if (text !== '') yield take({ type: 'message', text });
    if (calls.length === 0 || reason === 'content_filter')
      return end(reason === 'stop' ? 'completed' : 'incomplete', text);

    for (const [i, call] of calls.entries()) {
      run.signal.throwIfAborted();
      const done = await carryOut(call, deps, { owner, zone });
      if (done.type === 'done') {
        yield* tell(call, done, i === 0 ? text : '');
        continue;
      }
      for (const { id, name, arguments: args, question } of done.calls)
        yield take({ type: 'confirmation', id, name, arguments: args, question });
      return end('needs_confirmation', done.calls.map(({ question }) => question).join('\n'));
    }
  }
  return end('incomplete', OUT_OF_STEPS);
}
