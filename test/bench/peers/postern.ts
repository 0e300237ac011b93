/** `postern serve` as operators run it, with everything on: policy from the store, records, metrics, frames, SCRAM. */

import { configure, type Installation, libpq } from '../../reliability/installation.ts';
import { startServing, untilReady } from '../../reliability/serving.ts';
import { addresses } from './ground.ts';
import type { Peer } from './peer.ts';

const variants = {
  postern: { name: 'Postern', workers: 1 },
  'postern-2-workers': { name: 'Postern, 2 workers', workers: 2 },
} as const;

export const startPostern = async (
  running: AsyncDisposableStack,
  installation: Installation,
  id: keyof typeof variants,
  environment: Readonly<Record<string, string>> = {},
): Promise<Peer & { readonly pid: number }> => {
  const { name, workers } = variants[id];
  const address = addresses[id];
  const file = await configure(installation, { address, workers });
  const serving = running.use(startServing(address, file, { environment }));
  await untilReady(serving);
  return { id, name, environment: libpq(installation.bench, address), pid: serving.pid };
};
