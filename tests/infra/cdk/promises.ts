/** What every stack promises, whatever the site: read from its template. */
import { expect, test } from 'vitest';
import { nothingIsLost } from '../nothing-is-lost.ts';
import { dataPromises } from './data-promises.ts';
import { entryPromises } from './entry-promises.ts';
import type { Synthesized } from './synth-site.ts';
import { taskPromises } from './task-promises.ts';
import { watchPromises } from './watch-promises.ts';

export function promises(site: Synthesized): void {
  const { plan, text, template } = site;
  const { frontDoor } = plan.site.cloud;

  test('has every workload, port, variable, secret, volume, route and image of the plan', () => {
    nothingIsLost(plan, {
      text,
      inContainers: true,
      withoutContainer: frontDoor === 'container' ? [] : ['gateway'],
      withoutImage: plan.site.images.cria === undefined ? [plan.gateway.image] : [],
    });
  });

  test('is far from the limits of a template: 1 MB, and 500 resources', () => {
    expect(text.length).toBeLessThan(250_000);
    expect(Object.keys(template.toJSON().Resources).length).toBeLessThan(250);
  });

  dataPromises(site);
  taskPromises(site);
  watchPromises(site);
  entryPromises(site);
}
