import { AwsError } from './errors.ts';
import { jsonService, type Service } from './protocol.ts';

export interface ParameterStore {
  readonly put: (name: string, value: string) => void;
  /** Undefined when there is none. AWS's own, under `/aws/service/`, are all there. */
  readonly get: (name: string) => string | undefined;
  readonly delete: (name: string) => void;
}

export function parameterStore(): ParameterStore {
  const parameters = new Map<string, string>();
  return {
    put: (name, value) => void parameters.set(name, value),
    get: (name) =>
      parameters.get(name) ?? (name.startsWith('/aws/service/') ? 'ami-00000000000000000' : undefined),
    delete: (name) => void parameters.delete(name),
  };
}

export function ssm(store: ParameterStore): Service {
  return jsonService(
    {
      GetParameter({ Name }) {
        const value = store.get(String(Name));
        if (value === undefined) throw new AwsError('ParameterNotFound', `Parameter ${Name} not found.`);
        return { Parameter: { Name, Value: value, Type: 'String', Version: 1 } };
      },
    },
    (action) => new AwsError('UnknownOperationException', `SSM: ${action}`),
  );
}
