/**
 * `/api/v1/instances`: the running Posterns and how old their policy is. For operators.
 */

import { z } from 'zod';
import { listInstances } from '../../store/instances.ts';
import { loadPolicyVersion } from '../../store/policy.ts';
import type { AddRoutes } from '../request.ts';
import { id, time } from '../schemas.ts';

const instance = z
  .object({
    id,
    address: z.string().describe('Where it listens'),
    version: z.string(),
    startedAt: time,
    state: z
      .enum(['alive', 'silent'])
      .describe('silent: it crashed, or is cut off from the store and may serve on'),
    heartbeatAt: time,
    heartbeatAgeSeconds: z.number().describe('By the clock of the store'),
    policyVersion: z.int().nullable().describe('null: it has no policy yet'),
  })
  .meta({ id: 'Instance' });

const instances = z.object({
  items: z.array(instance),
  policyVersion: z.int().describe("The store's: an instance with a smaller one is behind"),
});

export const addInstanceRoutes: AddRoutes = (app, { control }) => {
  app.get(
    '/instances',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['Operators'],
        summary: 'List the instances that are alive or fell silent within the last hour, oldest first',
        response: { 200: instances },
      },
    },
    async () => {
      // The version first: no instance can then look newer than the store.
      const policyVersion = await loadPolicyVersion(control.store);
      return { items: await listInstances(control.store), policyVersion };
    },
  );
};
