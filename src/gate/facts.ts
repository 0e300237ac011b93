/**
 * What is known about one connection, for its log line, its metrics and its attempt record. Stages write into it
 * and nothing is ever decided by it. Holds no secret.
 */

import { randomBytes } from 'node:crypto';
import type { Stage } from '../failures.ts';
import { LoginTime } from './login-time.ts';

export interface ConnectionFacts {
  /** 12 hex digits; the client sees it in DETAIL, the log carries it. */
  readonly id: string;
  readonly startedAtMs: number;
  readonly loginTime: LoginTime;
  stage: Stage | 'shut';
  /** The client's address as people write it: the PROXY header's where there is one. */
  address: string;
  port: number;
  accountId?: string;
  account?: string;
  user?: string;
  database?: string;
  applicationName?: string;
  certificateId?: string;
  certificateName?: string;
  certificateSerial?: string;
  keyId?: string;
  keyName?: string;
  backend?: string;
  /** The host of it that was tried last, as people write it; the session's, if there is one. */
  backendHost?: string;
  tlsVersion?: string;
  protocol?: string;
  /** How long the TLS handshake took. */
  tlsHandshakeMs?: number;
  /** Milliseconds from accept until the end of the TLS handshake, the API key, the backend's ReadyForQuery. */
  securedAfterMs?: number;
  identifiedAfterMs?: number;
  openedAfterMs?: number;
  clientToBackendBytes: number;
  backendToClientBytes: number;
}

export const beginFacts = (address: string, port: number, nowMs: number): ConnectionFacts => ({
  id: randomBytes(6).toString('hex'),
  startedAtMs: nowMs,
  loginTime: new LoginTime(),
  stage: 'accept',
  address,
  port,
  clientToBackendBytes: 0,
  backendToClientBytes: 0,
});
