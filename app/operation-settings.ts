import { integer } from './settings.ts';

/** What an operator may set of how he is told, at every door. */
export const operationFields = {
  CRIA_SLOW: integer(0, 3600, 30), // seconds from which on a request gets a line of its own in the log; 0: none does
};
