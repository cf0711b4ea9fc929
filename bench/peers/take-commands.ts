import { createInterface } from 'node:readline';
import { z } from 'zod';
import { DECODE_PROMPT } from './prompt.ts';

const Question = z.object({
  cmd: z.string(),
  /** Tokens to read or to make. */
  tokens: z.int().min(0).max(512).default(0),
  /** Positions that are filled before the first token is made. */
  at: z.int().min(DECODE_PROMPT).max(131_072).default(DECODE_PROMPT),
  /** Sequences that advance together. */
  streams: z.int().min(1).max(64).default(1),
});

export type Question = z.infer<typeof Question>;
export type Asked = z.input<typeof Question>;

/** Commands by name. Each starts from an empty cache; its unit is its own: tokens per second, bytes, a share. */
export type Commands = Readonly<Record<string, (question: Question) => Promise<number>>>;

/**
 * Answers questions from stdin until it ends, so that a bench can alternate between engines: on a shared machine only
 * rounds next to each other compare. One JSON object a line, in and out:
 *
 *     ← {"ready":true,"engine":"llama.cpp …"}
 *     → {"cmd":"decode","tokens":32}     ← {"value":20.5}
 *     → {"cmd":"fly"}                    ← {"error":"…"}
 */
export async function takeCommands(engine: string, commands: Commands): Promise<void> {
  const say = (message: object) => console.log(JSON.stringify(message));
  say({ ready: true, engine });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const question = Question.parse(JSON.parse(line));
      const command = commands[question.cmd];
      if (command === undefined) throw new Error(`${engine} knows no ${question.cmd}`);
      say({ value: await command(question) });
    } catch (error) {
      say({ error: String(error) });
    }
  }
}
