/** From a host's name to an encrypted line, step by step, as libpq goes: DNS, TCP, SSLRequest, TLS. */

import type { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { isCertificateFor } from '../../authority/server-certificate.ts';
import { dateText } from '../../authority/validity.ts';
import { messageOf } from '../../errors.ts';
import { readExactly } from '../../gate/reading.ts';
import { buildSslRequest } from '../../wire/frontend-messages.ts';
import { type ClientIdentity, loadRoots } from './client-files.ts';
import { type Finding, ok, Stuck, warning } from './finding.ts';
import type { ClientTarget } from './target.ts';

const tcpPatienceMs = 10_000;
const handshakePatienceMs = 15_000;

/** Each found out something that goes on the list, and gives what the next step needs. */
type Step<Value> = Promise<{ readonly finding: Finding; readonly value: Value }>;

export const resolveHost = async ({ host, hostAddress }: ClientTarget): Step<readonly string[]> => {
  const fixed = hostAddress ?? (isIP(host) ? host : null);
  if (fixed !== null) return { finding: ok('DNS', `${fixed} is an address.`), value: [fixed] };
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { finding: ok('DNS', `${host} is ${addresses.join(', ')}.`), value: addresses };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Stuck('DNS', `The name ${host} cannot be looked up (${code}).`, 'Check host and your network.');
  }
};

const advices: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nobody listens there: check host and port, and whether Postern runs.',
  ABORT_ERR: 'A firewall drops the packets, yours or theirs: ask whoever runs it to let this port through.',
};

export const openTcp = async ({ port }: ClientTarget, addresses: readonly string[]): Step<Socket> => {
  const problems: string[] = [];
  let advice = 'Check host, port and your network.';
  for (const address of addresses) {
    const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(tcpPatienceMs) });
      socket.on('error', () => undefined);
      return { finding: ok('TCP', `${address} port ${port} answers.`), value: socket };
    } catch (error) {
      socket.destroy();
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      problems.push(code === 'ABORT_ERR' ? `${address} does not answer` : `${address}: ${code}`);
      advice = advices[code] ?? advice;
    }
  }
  throw new Stuck('TCP', `Port ${port} cannot be reached: ${problems.join(', ')}.`, advice);
};

export const requestTls = async ({ sslmode, directTls, port }: ClientTarget, socket: Socket): Step<null> => {
  const check = 'SSLRequest';
  if (sslmode === 'disable') {
    const seen = 'sslmode=disable asks for a connection in clear, which Postern never gives.';
    throw new Stuck(check, seen, 'Write sslmode=verify-full.');
  }
  if (directTls) return { finding: ok(check, 'Left out: sslnegotiation=direct.'), value: null };
  socket.write(buildSslRequest());
  const answer = await readExactly(socket, 1, AbortSignal.timeout(handshakePatienceMs)).catch(() => null);
  const letter = answer?.toString('latin1');
  if (letter === 'S') return { finding: ok(check, 'The server is willing to encrypt.'), value: null };
  if (letter === 'N') {
    const advice = `Is port ${port} that of Postern, and not of the database behind it?`;
    throw new Stuck(check, 'The server offers no TLS: it is not a Postern.', advice);
  }
  throw new Stuck(
    check,
    answer ? 'The server does not speak the protocol of PostgreSQL.' : 'The server gave no answer.',
    'Check host and port; a Postern behind a load balancer may be waiting for a PROXY header.',
  );
};

const chainProblems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  SELF_SIGNED_CERT_IN_CHAIN: 'the CA that signed it is not in sslrootcert',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the CA that signed it is not in sslrootcert',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the CA that signed it is not in sslrootcert',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed and not in sslrootcert',
};

const judgeServer = (
  stream: TLSSocket,
  certificate: X509Certificate,
  { host, sslmode }: ClientTarget,
  verified: boolean,
): Finding => {
  const names = certificate.subjectAltName ?? 'no name';
  const shown = `The server's certificate is for ${names}, valid until ${dateText(certificate.validToDate.getTime())}`;
  if (!verified) {
    const advice = 'Write sslmode=verify-full and sslrootcert, or anybody can play the server.';
    return warning('TLS', `${shown}; sslmode=${sslmode} does not verify it.`, advice);
  }
  // With rejectUnauthorized off Node types this as Error and gives OpenSSL's code as text.
  const code = stream.authorizationError && String(stream.authorizationError);
  if (code) {
    const advice =
      code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID'
        ? 'Check the clock of this computer; else tell whoever runs Postern.'
        : 'Take server_ca.pem of a newer bundle; if it stays so, somebody stands between you and Postern.';
    throw new Stuck('TLS', `${shown}, and not to be trusted: ${chainProblems[code] ?? code}.`, advice);
  }
  if (sslmode === 'verify-full' && !isCertificateFor(certificate, host)) {
    throw new Stuck('TLS', `${shown}, and not for "${host}".`, 'Write host as the certificate has it.');
  }
  return ok('TLS', `${stream.getProtocol()}. ${shown}, as ${sslmode} demands.`);
};

export const encryptLine = async (
  target: ClientTarget,
  raw: Socket,
  identity: ClientIdentity | null,
): Step<TLSSocket> => {
  const { host, sslmode, directTls, port } = target;
  const roots = await loadRoots(target);
  const stream = tlsConnect({
    socket: raw,
    host,
    // SNI carries names only (RFC 6066 §3).
    ...(isIP(host) ? {} : { servername: host }),
    ...(roots && { ca: roots }),
    ...(identity && {
      cert: identity.certificatePem,
      key: identity.key.export({ type: 'pkcs8', format: 'pem' }),
    }),
    // Judged below, with what a person needs to know.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['postgresql'],
  });
  try {
    await once(stream, 'secureConnect', { signal: AbortSignal.timeout(handshakePatienceMs) });
  } catch (error) {
    const advice = directTls
      ? `Leave sslnegotiation=direct out, and check port ${port}.`
      : 'Something between here and Postern may be inspecting TLS: ask your network people.';
    throw new Stuck('TLS', `The handshake failed: ${messageOf(error)}.`, advice);
  }
  stream.on('error', () => undefined);
  const certificate = stream.getPeerX509Certificate();
  if (!certificate) throw new Stuck('TLS', 'The server showed no certificate.', 'Check host and port.');
  // As libpq: with a root certificate `require` means `verify-ca`.
  const verified = sslmode.startsWith('verify') || (sslmode === 'require' && roots !== null);
  return { finding: judgeServer(stream, certificate, target, verified), value: stream };
};
