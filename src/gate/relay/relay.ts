/**
 * Stage 6. Bytes both ways until one side is done. Frame headers are followed, so that it is known whether the backend
 * has work, and where a message ends: only there a reason may be put into the stream. Whoever leaves in the middle of a
 * query, or is made to leave, has that query cancelled: nothing runs on for nobody.
 */

import { Refusal } from '../../errors.ts';
import { BackendToClientFrames, ClientToBackendFrames } from '../../wire/frames.ts';
import type { ClientLine } from '../client-line.ts';
import type { ConnectionFacts } from '../facts.ts';
import { StreamIntake } from '../intake.ts';
import type { Session } from '../session.ts';
import type { BackendSession, Ending } from '../values.ts';
import { leaveBackend } from './leave.ts';
import { Pump } from './pump.ts';

/** How long a backend may take to end a session whose client has gone without a goodbye. */
const abandonAfterMs = 30_000;

const errorResponse = 'E'.charCodeAt(0);
const outsideTransaction = 'I'.charCodeAt(0);

export interface RelayDependencies {
  /** How long the message in flight may take to pass once the session has to end. */
  readonly boundaryGraceMs: number;
  /** How long a client that closed its half may go on reading before its query is cancelled. */
  readonly halfCloseGraceMs: number;
}

export const relay = async (
  line: ClientLine,
  { intake }: BackendSession,
  session: Session,
  facts: ConnectionFacts,
  { boundaryGraceMs, halfCloseGraceMs }: RelayDependencies,
): Promise<Ending> => {
  const client = line.stream;
  const backend = intake.socket;
  const asked = new ClientToBackendFrames();
  const answered = new BackendToClientFrames();
  const clientToBackend = new Pump(new StreamIntake(client), backend, asked);
  const backendToClient = new Pump(intake, client, answered, () => session.answered());
  const isIdle = () =>
    asked.atBoundary && answered.atBoundary && !asked.awaitsSync && asked.expectedReadies <= answered.readies;
  /** Before the first ReadyForQuery here there was the one of the login, which says the same. */
  const isInTransaction = () =>
    answered.transactionStatus !== 0 && answered.transactionStatus !== outsideTransaction;
  const timers: NodeJS.Timeout[] = [];
  const { promise: ending, resolve } = Promise.withResolvers<Ending>();

  session.relaying({
    get clientToBackendBytes() {
      return clientToBackend.bytes;
    },
    get backendToClientBytes() {
      return backendToClient.bytes;
    },
    get idle() {
      return isIdle();
    },
    get atRest() {
      return isIdle() && !isInTransaction();
    },
  });

  /**
   * The client has sent its last byte. If it said goodbye, the backend ends by itself when all is answered. If it waited
   * for nothing, the backend ends at once. Otherwise it may still be reading, for a while.
   */
  const onClientEnd = (): void => {
    backend.end();
    if (asked.terminateSeen) return;
    // Again and again: a client that is gone may have sent many queries ahead, and its reset may stay unseen.
    timers.push(setInterval(() => void session.cancelQuery(), halfCloseGraceMs));
    // A backend that is frozen never answers; the session must not stay for that.
    timers.push(setTimeout(() => resolve({ kind: 'closed', side: 'client' }), abandonAfterMs));
  };

  const onClientClose = (): void => resolve({ kind: 'closed', side: 'client' });

  /** PostgreSQL never closes half: when its bytes end, the session is over. It says why, unless it was killed. */
  const onBackendEnd = (): void => {
    if (asked.terminateSeen || client.readableEnded) resolve({ kind: 'closed', side: 'client' });
    else if (answered.lastType === errorResponse) resolve({ kind: 'closed', side: 'backend' });
    else resolve({ kind: 'ended', refusal: new Refusal('backend-lost'), canTell: answered.atBoundary });
  };

  const onEnding = (): void => {
    const refusal = session.ending.reason as Refusal;
    clientToBackend.stop();
    backendToClient.stopAtBoundary(() => resolve({ kind: 'ended', refusal, canTell: true }));
    timers.push(setTimeout(() => resolve({ kind: 'ended', refusal, canTell: false }), boundaryGraceMs));
  };

  client.once('end', onClientEnd).once('close', onClientClose);
  backend.once('end', onBackendEnd).once('close', onBackendEnd);
  session.ending.addEventListener('abort', onEnding);
  clientToBackend.start();
  backendToClient.start();
  session.answered();
  if (session.ending.aborted) onEnding();
  if (client.closed) onClientClose();
  if (backend.closed) onBackendEnd();

  const end = await ending;
  for (const timer of timers) clearInterval(timer);
  session.ending.removeEventListener('abort', onEnding);
  client.off('end', onClientEnd).off('close', onClientClose);
  backend.off('end', onBackendEnd).off('close', onBackendEnd);
  clientToBackend.stop();
  backendToClient.stop();
  facts.clientToBackendBytes = clientToBackend.bytes;
  facts.backendToClientBytes = backendToClient.bytes;
  void leaveBackend(backend, {
    idle: backend.readableEnded || isIdle(),
    betweenMessages: asked.atBoundary,
    cancelQuery: () => session.cancelQuery(),
  });
  return end;
};
