/** How conversations are worded. `auto` goes by the chat template of the model's file. */
export const TEMPLATES = ['llama3', 'chatml', 'guard3-1b', 'guard3-8b', 'base', 'auto'] as const;

export type TemplateName = (typeof TEMPLATES)[number];
