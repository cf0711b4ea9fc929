import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Place } from './place.ts';

const ROOT = join(import.meta.dirname, '../..');
const ID = 'Image';

/**
 * An image by its name, as the plan has it. Cria's own, where the site names none, is built from here with Docker while the
 * stack is deployed, and lies in the registry of the CDK's bootstrap.
 */
export function containerImage({ scope, plan }: Place, name: string): ContainerImage {
  if (name !== plan.gateway.image || plan.site.images.cria !== undefined)
    return ContainerImage.fromRegistry(name);
  const stack = Stack.of(scope);
  const made =
    (stack.node.tryFindChild(ID) as DockerImageAsset | undefined) ??
    new DockerImageAsset(stack, ID, {
      directory: ROOT,
      file: 'lambda/Dockerfile',
      platform: Platform.LINUX_AMD64,
      exclude: ['cdk.json', 'sites'], // what the image does not depend on is no reason to build it again
    });
  return ContainerImage.fromDockerImageAsset(made);
}
