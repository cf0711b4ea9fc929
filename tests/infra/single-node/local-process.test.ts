import { expect, test } from 'vitest';
import { plan } from '../../../infra/plan.ts';
import { readSite } from '../../../infra/read-site.ts';
import { localProcess } from '../../../infra/single-node/local-process.ts';

const planned = plan(await readSite('sites/single-node.yaml'));
const place = {
  ...{ node: '/n/node', dist: '/built', home: '/home/cria' },
  stateOf: (workload: string) => `/state/${workload}`,
};

test('every program is the one that was built for this run, whatever stands before it', () => {
  for (const workload of planned.workloads) {
    const { argv } = localProcess(planned, workload, place);
    expect(argv[0]).toBe('/n/node');
    expect(
      argv.filter((word) => word.startsWith('dist/')),
      workload.name,
    ).toEqual([]);
    expect(
      argv.some((word) => word.startsWith('/built')),
      workload.name,
    ).toBe(true);
  }
});

test('what lies on volumes lies in its own folders, and models listen for this machine alone', () => {
  const [, edge, node] = planned.workloads.map((workload) => localProcess(planned, workload, place));
  expect(edge!.env).toMatchObject({ CRIA_HOME: '/home/cria', CRIA_STATE: '/state/smollm2-edge' });
  expect(node!.env.CRIA_STORAGE_FILE).toBe('/state/smollm2-node/storage.sqlite');
  expect([edge!.env.HOST, node!.env.HOST]).toEqual(['127.0.0.1', '127.0.0.1']);
});
