/**
 * Free texts and dates that people give things, checked before they go into the store. Pure.
 */

import { RequestError } from '../errors.ts';

const maxNameLength = 64;
const maxLabelLength = 200;
/** PostgreSQL's NAMEDATALEN - 1. */
const maxDatabaseNameBytes = 63;
/** Control and format characters, which can turn text around; lone surrogates; line and paragraph separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Letters first and no capitals: it is a PostgreSQL user name, a certificate's CN and part of role names. */
const accountName = /^[a-z][a-z0-9_-]{0,39}$/;

/** @throws RequestError with what is allowed */
export function parseAccountName(text: string): string {
  if (!accountName.test(text)) {
    throw new RequestError(
      `${JSON.stringify(text)} cannot be the name of an account: use up to 40 lower-case letters, digits, "_" and "-", starting with a letter.`,
    );
  }
  return text;
}

/** A trimmed name of 1 to 64 printable characters. @throws RequestError otherwise */
export function parseKeyName(text: string): string {
  const name = parsePlainText('The name of an API key', text, maxNameLength);
  if (name === '') throw new RequestError('The API key needs a name, for example "QGIS in the office".');
  return name;
}

/** A trimmed name of 1 to 64 printable characters, in Unicode form NFC. @throws RequestError otherwise */
export function parseCertificateName(text: string): string {
  const name = parsePlainText('The name of a certificate', text, maxNameLength);
  if (name === '') throw new RequestError('The certificate needs a name, for example "Laptop of Ann".');
  return name;
}

/** A trimmed label of up to 200 printable characters, or none. @throws RequestError otherwise */
export const parseLabel = (text: string): string => parsePlainText('The label', text, maxLabelLength);

/** Why something was revoked, for those whom it hits; null when nothing was said. @throws RequestError if unprintable */
export const parseReason = (text: string | null): string | null =>
  text === null ? null : parsePlainText('The reason', text, maxLabelLength) || null;

/** @throws RequestError when the date is past or none at all */
export function checkExpiry(expiresAt: Date | null, nowMs: number): Date | null {
  if (expiresAt === null || expiresAt.getTime() > nowMs) return expiresAt;
  const seen = Number.isNaN(expiresAt.getTime()) ? 'is no date' : `(${expiresAt.toISOString()}) is past`;
  throw new RequestError(`The expiry ${seen}: give a moment in the future, or none.`);
}

/** @throws RequestError unless it is null (as the configuration says) or a whole number from 0 */
export function checkMaxSessions(maxSessions: number | null): void {
  if (
    maxSessions !== null &&
    !(Number.isInteger(maxSessions) && maxSessions >= 0 && maxSessions <= 1_000_000)
  ) {
    throw new RequestError(
      `${maxSessions} cannot be an account's limit of sessions: use a whole number from 0 to 1000000.`,
    );
  }
}

/** @throws RequestError when one of them cannot be the name of a database */
export function checkAliases(aliases: readonly string[]): void {
  for (const alias of aliases) {
    if (alias === '' || Buffer.byteLength(alias) > maxDatabaseNameBytes || unprintable.test(alias)) {
      throw new RequestError(
        `${JSON.stringify(alias)} cannot be another name of a database: use 1 to ${maxDatabaseNameBytes} bytes of printable text.`,
      );
    }
  }
}

function parsePlainText(what: string, text: string, maxLength: number): string {
  const plain = text.trim().normalize('NFC');
  const { length } = [...plain];
  if (length > maxLength) {
    throw new RequestError(`${what} has ${length} characters: use at most ${maxLength}.`);
  }
  if (unprintable.test(plain)) {
    throw new RequestError(
      `${what} contains control or invisible characters: use letters, digits and punctuation.`,
    );
  }
  return plain;
}
