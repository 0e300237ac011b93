/**
 * How far the rotation of a CA has got, read from the files themselves, so that nothing else can disagree with them: which
 * CA signs at present, which newer one is trusted beside it already, which older ones still are. Reads only.
 *
 * `begin` lets everybody trust the next CA, `switch` signs with it, `finish` stops trusting the old one.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { AuthorityConfig, GateConfig } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import { type AuthorityKind, commonNameOf, isOwnAuthority } from './authority-name.ts';
import { readIfThere } from './durable-files.ts';
import { loadAuthority } from './files.ts';
import { type KeyPairFiles, loadCertificates } from './key-pair.ts';
import { loadServerCertificate } from './server-certificate.ts';
import { validityOf } from './validity.ts';

export interface RotatingFiles {
  readonly kind: AuthorityKind;
  /** Where the CA's certificate stands for those who trust it; at least one. */
  readonly trustFiles: readonly [string, ...string[]];
  /** The key of the CA. That of a server CA may be kept elsewhere. */
  readonly keyFile: string;
  /** Beside it until `switch`; until `finish`. */
  readonly nextKeyFile: string;
  readonly oldKeyFile: string;
  /** What tells which CA signs: the gate's certificate, or the pair that client certificates are signed with. */
  readonly signed: KeyPairFiles;
}

export interface RotationState {
  readonly files: RotatingFiles;
  readonly stage: 'steady' | 'begun' | 'switched';
  /** The CA that signs at present. */
  readonly current: X509Certificate;
  /** A newer one that is trusted already, if not by every file. */
  readonly next: X509Certificate | null;
  /** Older ones that are still trusted. */
  readonly retiring: readonly X509Certificate[];
  /** By file; CAs of others among them. */
  readonly trusted: ReadonlyMap<string, readonly X509Certificate[]>;
  /** PEM; null: there is no such file. */
  readonly keyPem: string | null;
  readonly nextKeyPem: string | null;
  readonly oldKeyIsKept: boolean;
}

const besides = (
  kind: AuthorityKind,
  trustFiles: RotatingFiles['trustFiles'],
  keyFile: string,
  signed: KeyPairFiles,
): RotatingFiles => ({
  kind,
  trustFiles,
  keyFile,
  nextKeyFile: `${keyFile}.next`,
  oldKeyFile: `${keyFile}.old`,
  signed,
});

/** @param keyFile null: `server_ca.key` beside the CA's certificate, where `postern ca create` puts it */
export const serverAuthorityFiles = (
  { serverCaFile }: AuthorityConfig,
  { certificateFile, keyFile: serverKeyFile }: GateConfig,
  keyFile: string | null,
): RotatingFiles =>
  besides('server', [serverCaFile], keyFile ?? join(dirname(serverCaFile), 'server_ca.key'), {
    certificateFile,
    keyFile: serverKeyFile,
  });

/** @param gate null: this configuration has none, and gates elsewhere get the file by other ways */
export const clientAuthorityFiles = (
  { certificateFile, keyFile }: AuthorityConfig,
  gate: GateConfig | null,
): RotatingFiles => {
  const others = gate !== null && gate.clientCaFile !== certificateFile ? [gate.clientCaFile] : [];
  return besides('client', [certificateFile, ...others], keyFile, { certificateFile, keyFile });
};

const issuerOf = (certificate: X509Certificate, among: readonly X509Certificate[]) =>
  among.find((each) => certificate.checkIssued(each) && certificate.verify(each.publicKey));

/** @throws RequestError when whatever signs is not a CA of Postern's making */
const loadCurrent = async (
  { kind, signed }: RotatingFiles,
  trusted: readonly X509Certificate[],
): Promise<X509Certificate> => {
  if (kind === 'client') {
    const current = new X509Certificate((await loadAuthority(signed)).certificatePem);
    if (isOwnAuthority(kind, current)) return current;
    throw new RequestError(
      `The client CA "${commonNameOf(current)}" was not made by Postern: whoever made it makes the next one, too; gates trust every CA in gate.client_ca_file.`,
    );
  }
  const leaf = new X509Certificate((await loadServerCertificate(signed)).leafDer);
  const current = issuerOf(leaf, trusted);
  if (current !== undefined && isOwnAuthority(kind, current)) return current;
  const issuer = commonNameOf({ subject: leaf.issuer });
  throw new RequestError(
    `The server certificate in ${signed.certificateFile} comes from "${issuer}" and not from a server CA of Postern's: whoever issued it renews it, and there is nothing to rotate here.`,
  );
};

/** @throws RequestError when a file cannot be used, or whatever signs is not a CA of Postern's making */
export const readRotationState = async (files: RotatingFiles): Promise<RotationState> => {
  const trusted = new Map<string, readonly X509Certificate[]>();
  for (const file of files.trustFiles) trusted.set(file, await loadCertificates(file));
  const all = [...trusted.values()].flat();
  const current = await loadCurrent(files, all);
  const begins = (certificate: X509Certificate) => validityOf(certificate).notBefore;
  const own = new Map(
    all.filter((each) => isOwnAuthority(files.kind, each)).map((each) => [each.fingerprint256, each]),
  );
  const inOrder = [...own.values()].toSorted((one, other) => begins(one) - begins(other));
  const next = inOrder.findLast((each) => begins(each) > begins(current)) ?? null;
  const retiring = inOrder.filter((each) => begins(each) < begins(current));
  const nextKeyPem = await readIfThere(files.nextKeyFile);
  const stageWithoutNext = retiring.length > 0 ? 'switched' : 'steady';
  // While `switch` is interrupted the next CA signs already and its key has still to get its place.
  const ownerOfNextKey = next ?? (stageWithoutNext === 'switched' ? current : null);
  if (
    nextKeyPem !== null &&
    ownerOfNextKey !== null &&
    !ownerOfNextKey.checkPrivateKey(createPrivateKey(nextKeyPem))
  ) {
    throw new RequestError(
      `The key in ${files.nextKeyFile} does not belong to "${commonNameOf(ownerOfNextKey)}": look for the right one, or move it away.`,
    );
  }
  return {
    files,
    stage: next === null ? stageWithoutNext : 'begun',
    current,
    next,
    retiring,
    trusted,
    keyPem: await readIfThere(files.keyFile),
    nextKeyPem,
    oldKeyIsKept: (await readIfThere(files.oldKeyFile)) !== null,
  };
};
