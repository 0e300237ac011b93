/** From the name of a peer to the running peer. */

import type { Installation } from '../../reliability/installation.ts';
import { startDirect } from './direct.ts';
import type { Peer, PeerId } from './peer.ts';
import { startPgbouncer } from './pgbouncer.ts';
import { startPostern } from './postern.ts';
import { startStunnel } from './stunnel.ts';

/** @param running ends it */
export const startPeer = (
  running: AsyncDisposableStack,
  installation: Installation,
  id: PeerId,
): Promise<Peer> => {
  switch (id) {
    case 'direct':
      return startDirect(installation);
    case 'pgbouncer':
    case 'pgbouncer-secret':
      return startPgbouncer(running, installation, id);
    case 'stunnel':
      return startStunnel(running, installation);
    case 'postern':
    case 'postern-2-workers':
      return startPostern(running, installation, id);
  }
};
