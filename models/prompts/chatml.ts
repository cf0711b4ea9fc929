import type { Segment } from '../tokenizer/segment.ts';
import { describeAsHermes, hermesCalls } from './hermes-tools.ts';
import type { Message, PromptTemplate } from './prompt.ts';
import { withCalls } from './with-calls.ts';

/**
 * ChatML: `<|im_start|>role`, a newline, the content as it stands, `<|im_end|>`.
 *
 * `defaultSystem` opens a conversation that has no system turn of its own; SmolLM2 was trained with one. Tools are
 * described in the system turn, as Hermes and Qwen know them; SmolLM2's own template has none.
 *
 * Source   HuggingFaceTB/SmolLM2-135M-Instruct, tokenizer_config.json, chat_template
 */
export function chatmlPrompt(defaultSystem?: string): PromptTemplate {
  return (messages, { tools = [] }) => {
    const [first, ...others] = messages;
    const hasSystem = first?.role === 'system';
    const opening = hasSystem ? first.content : defaultSystem;
    const described = tools.length > 0 ? describeAsHermes(tools) : '';
    const system = opening === undefined ? described.trimStart() || undefined : opening + described;
    return [
      ...(system !== undefined && messages.length > 0 ? turn({ role: 'system', content: system }) : []),
      ...(hasSystem ? others : messages).flatMap(turn),
      { control: '<|im_start|>' },
      { text: 'assistant\n' },
    ];
  };
}

function turn({ role, content, toolCalls = [] }: Message): Segment[] {
  return [
    { control: '<|im_start|>' },
    { text: `${role}\n${withCalls(content, hermesCalls(toolCalls))}` },
    { control: '<|im_end|>' },
    { text: '\n' },
  ];
}
