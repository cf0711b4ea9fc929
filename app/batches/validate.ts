import { InvalidRequestError } from '../errors.ts';
import { parse } from '../parse.ts';
import { type Batch, type BatchError, BatchLine } from '../schemas/batches.ts';
import type { Line } from './read-lines.ts';

const MAX_LINES = 10_000;
const MAX_ERRORS = 20;

/** A line as a request, or what is wrong with it. */
export function parseLine(
  { number: line, text }: Line,
  endpoint: Batch['endpoint'],
): { request: BatchLine } | { error: BatchError } {
  const wrong = (code: string, message: string, param: string | null = null) => ({
    error: { code, message: `line ${line}: ${message}`, param, line },
  });
  if (text === undefined) return wrong('invalid_json', 'it is too long, or not UTF-8');
  try {
    const request = parse(BatchLine, JSON.parse(text));
    if (request.url !== endpoint)
      return wrong('invalid_value', `url: is not the batch's endpoint, ${endpoint}`, 'url');
    if (request.body.stream === true)
      return wrong('invalid_value', 'body.stream: a batch cannot be streamed', 'body.stream');
    return { request };
  } catch (error) {
    if (error instanceof InvalidRequestError) return wrong(error.code, error.message, error.param);
    return wrong('invalid_json', `it is not JSON: ${(error as Error).message}`);
  }
}

/** Counts the requests of a file, or says what is wrong with it: its first errors. */
export async function validateLines(
  lines: AsyncIterable<Line>,
  endpoint: Batch['endpoint'],
): Promise<{ total: number } | { errors: BatchError[] }> {
  const ids = new Set<string>();
  const errors: BatchError[] = [];
  let total = 0;
  for await (const line of lines) {
    if (++total > MAX_LINES) {
      errors.push(fileError('too_many_requests', `there are more than ${MAX_LINES} requests in the file`));
      break;
    }
    const parsed = parseLine(line, endpoint);
    if ('error' in parsed) errors.push(parsed.error);
    else if (ids.has(parsed.request.custom_id))
      errors.push({
        code: 'duplicate_custom_id',
        message: `line ${line.number}: custom_id: another line has it, too`,
        param: 'custom_id',
        line: line.number,
      });
    else ids.add(parsed.request.custom_id);
    if (errors.length === MAX_ERRORS) break;
  }
  if (total === 0) errors.push(fileError('empty_file', 'there is no request in the file'));
  return errors.length > 0 ? { errors } : { total };
}

export function fileError(code: string, message: string): BatchError {
  return { code, message, param: 'input_file_id', line: null };
}
