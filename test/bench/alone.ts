/** One benchmark at a time: two would take each other's addresses and spoil each other's figures. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { addresses } from './peers/ground.ts';

/** Beside that of PostgreSQL. */
const port = 5431;

/** @returns false: another one runs on this computer. true: none can start before `running` is disposed of */
export const isAlone = async (running: AsyncDisposableStack): Promise<boolean> => {
  const claim = createServer();
  try {
    claim.listen(port, addresses.postgres);
    await once(claim, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  running.defer(() => void claim.close());
  return true;
};
