import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const PLACES = 9; // to which a quotient has to be whole: 0.07 / 0.01 is not, in doubles

/** Whether a schema allows a value, as Ajv says, which is not ours. */
export function judge(schema: unknown): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, multipleOfPrecision: PLACES });
  addFormats.default(ajv);
  const validate = ajv.compile(schema as object);
  return (value) => validate(value);
}
