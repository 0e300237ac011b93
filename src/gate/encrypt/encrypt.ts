/**
 * Stage 2. Leaves with an encrypted stream and a verdict over certificate and address, reached before one byte of the
 * startup packet is looked at. The verdict is told in `greet`, when the client listens.
 */

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { Refusal } from '../../errors.ts';
import type { CertificateOwner, PolicyView } from '../../policy/book.ts';
import { judgeAddress, judgeCertificate, type PresentedCertificate } from '../../policy/judge.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { Admitted, CancelOrder, Secured } from '../values.ts';
import { negotiate } from './negotiate.ts';
import { spokeAlpn, type TlsTerminator } from './tls-terminator.ts';

export interface EncryptDependencies {
  readonly tls: TlsTerminator;
  readonly policy: PolicyView;
  readonly now: () => number;
}

/** 20 bytes in hex (RFC 5280 §4.1.2.2). A certificate that nobody trusts may have kilobytes, for log and DETAIL. */
const longestSerial = 40;

/** Most subjects are plain, and say it at a quarter of what it costs to take the whole certificate apart. */
const commonNameOf = (certificate: X509Certificate): string =>
  /^CN=([\w.-]+)$/.exec(certificate.subject)?.[1] ?? String(certificate.toLegacyObject().subject?.CN ?? '');

const presentedBy = (stream: TLSSocket, certificate: X509Certificate): PresentedCertificate => ({
  fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  commonName: commonNameOf(certificate),
  notBefore: certificate.validFromDate.getTime(),
  notAfter: certificate.validToDate.getTime(),
  // With rejectUnauthorized off Node types this as Error and gives OpenSSL's code as text.
  chainError: stream.authorizationError === null ? null : String(stream.authorizationError ?? null),
});

const nameOwner = ({ account, certificate }: CertificateOwner, facts: ConnectionFacts): void => {
  facts.account = account.name;
  facts.accountId = account.id;
  facts.certificateId = certificate.id;
  facts.certificateName = certificate.name;
};

const judge = (
  stream: TLSSocket,
  direct: boolean,
  { address, shownAddress }: Admitted,
  facts: ConnectionFacts,
  { policy, now }: EncryptDependencies,
): CertificateOwner | Refusal | null => {
  if (direct && !spokeAlpn(stream)) return new Refusal('alpn-required');
  if (stream.isSessionReused()) return new Refusal('session-resumed');
  const certificate = stream.getPeerX509Certificate();
  if (!certificate) return null;
  facts.certificateSerial = certificate.serialNumber.slice(0, longestSerial).toLowerCase();
  const presented = presentedBy(stream, certificate);
  // Also where it is refused: the account's people look among its attempts for why.
  const known = policy.ownerOf(presented.fingerprint);
  if (known) nameOwner(known, facts);
  const owner = judgeCertificate(presented, { ownerOf: () => known }, now());
  if (owner instanceof Refusal) return owner;
  return judgeAddress(owner.account, address, shownAddress, now()) ?? owner;
};

export const encrypt = async (
  admitted: Admitted,
  facts: ConnectionFacts,
  dependencies: EncryptDependencies,
): Promise<Secured | CancelOrder> => {
  const { line, login } = admitted;
  const { loginTime } = facts;
  const beginning = await loginTime.waitingFor('client', negotiate(admitted));
  if (typeof beginning === 'object') return beginning;
  line.beginEncryption();
  const { tls } = dependencies;
  const handshakeBeganAtMs = performance.now();
  const stream = await loginTime.waitingFor('client', tls.handshake(line.stream, login.signal));
  facts.tlsHandshakeMs = performance.now() - handshakeBeganAtMs;
  line.encrypted(stream);
  facts.securedAfterMs = dependencies.now() - facts.startedAtMs;
  facts.tlsVersion = stream.getProtocol() ?? 'unknown';
  const verdict = judge(stream, beginning === 'direct', admitted, facts, dependencies);
  return { ...admitted, kind: 'secured', verdict, serverEndPoint: tls.serverEndPoint };
};
