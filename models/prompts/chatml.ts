import type { Segment } from '../tokenizer/segment.ts';
import type { PromptTemplate } from './prompt.ts';

/**
 * ChatML: `<|im_start|>role`, a newline, the content as it stands, `<|im_end|>`.
 *
 * `defaultSystem` opens a conversation that has no system turn of its own; SmolLM2 was trained with one.
 *
 * Source   HuggingFaceTB/SmolLM2-135M-Instruct, tokenizer_config.json, chat_template
 */
export function chatmlPrompt(defaultSystem?: string): PromptTemplate {
  return (messages) => {
    const needsSystem = defaultSystem !== undefined && messages[0]?.role !== 'system' && messages.length > 0;
    return [
      ...(needsSystem ? turn('system', defaultSystem) : []),
      ...messages.flatMap(({ role, content }) => turn(role, content)),
      { control: '<|im_start|>' },
      { text: 'assistant\n' },
    ];
  };
}

function turn(role: string, content: string): Segment[] {
  return [
    { control: '<|im_start|>' },
    { text: `${role}\n${content}` },
    { control: '<|im_end|>' },
    { text: '\n' },
  ];
}
