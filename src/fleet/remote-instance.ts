/** The instance, asked from a worker in a process of its own. Once it has gone, nobody new is let in. */

import { type Denial, type Instance, shuttingDown } from '../gate/instance.ts';
import type { Remote } from './ipc.ts';

const orGone = (answer: Promise<Denial | null>): Promise<Denial | null> => answer.catch(() => shuttingDown);
/** What it does not hear any more, it does not need to know. */
const unheard = (told: Promise<void>): void => void told.catch(() => undefined);

export const remoteInstance = (rpc: Remote<Instance>): Instance => ({
  enterHalfOpen: (address, admitted) => orGone(rpc.$call('enterHalfOpen', address, admitted)),
  leaveHalfOpen: (address) => unheard(rpc.$callEvent('leaveHalfOpen', address)),
  enterSession: (session, accountLimit) => orGone(rpc.$call('enterSession', session, accountLimit)),
  leaveSession: (id) => unheard(rpc.$callEvent('leaveSession', id)),
  keyFailed: (place) => orGone(rpc.$call('keyFailed', place)),
  keyProved: (place) => unheard(rpc.$callEvent('keyProved', place)),
  mayCancel: (address) => rpc.$call('mayCancel', address).catch(() => false),
  cancelFailed: (address) => unheard(rpc.$callEvent('cancelFailed', address)),
  cancelElsewhere: (key, address) => rpc.$call('cancelElsewhere', key, address).catch(() => 'unknown'),
  roleRejected: (keyId) => unheard(rpc.$callEvent('roleRejected', keyId)),
});
