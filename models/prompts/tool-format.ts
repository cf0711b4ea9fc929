import type { TemplateName } from './template-name.ts';

/**
 * How a model writes a call:
 * `pythonic`  `[f(a="x", b=1), g()]`, Meta's prompt document for Llama 3.2
 * `json`      `{"name": "f", "parameters": {…}}`, Hugging Face's chat template for Llama 3.1 and 3.2
 * `hermes`    `<tool_call>{"name": "f", "arguments": {…}}</tool_call>`, ChatML models
 */
export type ToolFormat = (typeof TOOL_FORMATS)[number];

export const TOOL_FORMATS = ['pythonic', 'json', 'hermes'] as const;

export interface ToolFormatChoice {
  readonly template: TemplateName;
  /** `tokenizer.chat_template` of the model file. */
  readonly chatTemplate?: string | undefined;
}

/** The format of a model whose catalogue entry names none. */
export function defaultToolFormat({ template, chatTemplate = '' }: ToolFormatChoice): ToolFormat {
  if (template === 'llama3') return 'pythonic';
  if (template === 'chatml') return 'hermes';
  if (template === 'base' || template === 'guard3-1b' || template === 'guard3-8b') return 'json';
  if (chatTemplate.includes('<|im_start|>') || chatTemplate.includes('<tool_call>')) return 'hermes';
  return chatTemplate.includes('<|start_header_id|>') ? 'pythonic' : 'json';
}
