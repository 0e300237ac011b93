/**
 * A connection to one host of a backend, encrypted as its configuration says, with nothing said on it yet. Used for
 * logins and for cancel requests alike.
 */

import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Refusal } from '../../errors.ts';
import { buildSslRequest } from '../../wire/frontend-messages.ts';
import { serverEndPoint } from '../../wire/server-end-point.ts';
import { type Intake, SharedBufferIntake, StreamIntake } from '../intake.ts';
import { readExactly } from '../reading.ts';

export interface BackendHost {
  readonly host: string;
  readonly port: number;
  readonly tls: 'disable' | 'require' | 'verify-ca' | 'verify-full';
  /** PEM of the CAs to trust; null: those that Node brings. */
  readonly ca: string | null;
  /** PEM of what is shown to a server that asks for a certificate; null: nothing. */
  readonly clientCertificate: { readonly certificatePem: string; readonly keyPem: string } | null;
}

export interface BackendLine {
  readonly socket: Socket;
  /** For the relay, when the login is over. */
  readonly intake: Intake;
  /** Binding data for SCRAM-SHA-256-PLUS; null without TLS. */
  readonly serverEndPoint: Buffer | null;
}

const willing = 'S'.charCodeAt(0);

const unreachable = (cause: unknown): Refusal => new Refusal('backend-unreachable', {}, { cause });

/** Resolves with the event `event` of `socket`, or rejects with its failure or the signal's reason. */
const until = (socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onEvent = () => settle(resolve);
    const onFailure = (error?: unknown) => settle(() => reject(unreachable(error)));
    const onAbort = () => settle(() => reject(signal.reason));
    const settle = (finish: () => void) => {
      socket.off(event, onEvent).off('error', onFailure).off('close', onFailure);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    socket.once(event, onEvent).once('error', onFailure).once('close', onFailure);
    signal.addEventListener('abort', onAbort);
  });

const tlsOptions = ({ host, tls, ca, clientCertificate }: BackendHost): ConnectionOptions => ({
  host,
  // SNI carries names only (RFC 6066 §3).
  ...(isIP(host) ? {} : { servername: host }),
  ...(ca === null ? {} : { ca }),
  ...(clientCertificate && { cert: clientCertificate.certificatePem, key: clientCertificate.keyPem }),
  rejectUnauthorized: tls !== 'require',
  ...(tls === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  minVersion: 'TLSv1.2',
});

const encrypt = async (raw: Socket, host: BackendHost, signal: AbortSignal): Promise<TLSSocket> => {
  raw.write(buildSslRequest());
  const answer = await readExactly(raw, 1, signal);
  if (answer[0] !== willing) throw unreachable('the backend offers no TLS');
  // CVE-2021-23222: nothing that came in clear may be read as if it came through TLS.
  if (raw.readableLength > 0) throw new Refusal('backend-misbehaved', { reason: 'it sent data before TLS' });
  const stream = tlsConnect({ ...tlsOptions(host), socket: raw });
  stream.on('error', () => undefined);
  await until(stream, 'secureConnect', signal);
  return stream;
};

/**
 * @param signal ends the attempt with its reason
 * @param address instead of looking the host's name up
 * @throws Refusal `backend-unreachable` or `backend-misbehaved`, the network's error as its cause
 */
export const dial = async (
  host: BackendHost,
  signal: AbortSignal,
  address: string | undefined = host.host,
): Promise<BackendLine> => {
  signal.throwIfAborted();
  const options = {
    host: address,
    port: host.port,
    noDelay: true,
    allowHalfOpen: true,
    keepAlive: true,
    // A backend whose machine is gone says nothing; the kernel's default would wait two hours.
    keepAliveInitialDelay: 30_000,
  };
  const plain = host.tls === 'disable' ? new SharedBufferIntake(options) : null;
  const raw = plain?.socket ?? connect(options);
  raw.on('error', () => undefined);
  try {
    await until(raw, 'connect', signal);
    if (plain) return { socket: raw, intake: plain, serverEndPoint: null };
    const socket = await encrypt(raw, host, signal);
    const certificate = socket.getPeerX509Certificate();
    const endPoint = certificate ? serverEndPoint(certificate.raw) : null;
    return { socket, intake: new StreamIntake(socket), serverEndPoint: endPoint };
  } catch (error) {
    raw.destroy();
    throw error instanceof Refusal && error.code === 'client-gone' ? unreachable(error) : error;
  }
};
