/**
 * Certificates and the files of their bundles as the API shows them, and finding the one that is meant among those of
 * the account.
 */

import { type CreatedCertificate, listCertificates } from '../control/certificates.ts';
import { listSessions } from '../control/sessions.ts';
import type { StoredCertificate } from '../store/certificates.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { notFound } from './problem.ts';

const statusOf = (
  { revokedAt, notAfter }: StoredCertificate,
  nowMs: number,
): 'active' | 'expired' | 'revoked' => {
  if (revokedAt !== null) return 'revoked';
  return notAfter.getTime() <= nowMs ? 'expired' : 'active';
};

export const shownCertificate = (stored: StoredCertificate, nowMs: number) => ({
  ...stored,
  status: statusOf(stored, nowMs),
});

/** @throws Problem when the account has and had no such certificate */
export const existingCertificate = async (
  control: ConsoleDependencies['control'],
  account: string,
  id: string,
): Promise<StoredCertificate> => {
  const found = (await listCertificates(control, account)).find((each) => each.id === id);
  if (found === undefined) throw notFound('such certificate');
  return found;
};

/** How many live sessions use the certificate. */
export const sessionsOf = async (
  control: ConsoleDependencies['control'],
  account: string,
  id: string,
): Promise<number> =>
  (await listSessions(control, account)).filter(({ certificateId }) => certificateId === id).length;

/** Files that are not text. */
const binary = /\.(?:pk8|p12)$/;

export const fileOf = ({ name, mode, content }: CreatedCertificate['files'][number]) => {
  const encoding = binary.test(name) ? 'base64' : 'utf8';
  return { name, mode: `0${mode.toString(8)}`, encoding, content: content.toString(encoding) } as const;
};
