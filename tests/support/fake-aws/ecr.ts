import { AwsError } from './errors.ts';
import { jsonService, type Service } from './protocol.ts';

export interface EcrRegistry {
  readonly create: (repository: string) => void;
  readonly delete: (repository: string) => void;
  readonly has: (repository: string) => boolean;
}

export function ecrRegistry(): EcrRegistry {
  const repositories = new Set<string>();
  return {
    create: (repository) => void repositories.add(repository),
    delete: (repository) => void repositories.delete(repository),
    has: (repository) => repositories.has(repository),
  };
}

/** Repositories only: no image is ever pushed, there is no container engine where the tests run. */
export function ecr(registry: EcrRegistry): Service {
  return jsonService(
    {
      DescribeRepositories({ repositoryNames }) {
        const names = repositoryNames as readonly string[];
        const missing = names.find((name) => !registry.has(name));
        if (missing !== undefined)
          throw new AwsError('RepositoryNotFoundException', `The repository '${missing}' does not exist`);
        return { repositories: names.map((repositoryName) => ({ repositoryName })) };
      },
    },
    (action) => new AwsError('UnknownOperationException', `ECR: ${action}`),
  );
}
