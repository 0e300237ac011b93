/**
 * `/api/v1/my-address`: the address that this server sees, so that nobody has to ask a third party. A browser that
 * reaches the console by IPv4 may reach the gate by IPv6: this is the one of this request.
 */

import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { displayAddress } from '../../policy/cidr.ts';
import type { AddRoutes } from '../request.ts';

const myAddress = z
  .object({ address: z.string(), family: z.union([z.literal(4), z.literal(6)]) })
  .meta({ id: 'MyAddress' });

export const addMyAddressRoutes: AddRoutes = (app) => {
  app.get(
    '/my-address',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['Address rules'],
        summary: 'The address from which this request came',
        response: { 200: myAddress },
      },
    },
    async ({ ip }) => {
      const address = displayAddress(ip);
      return { address, family: isIPv6(address) ? 6 : 4 } as const;
    },
  );
};
