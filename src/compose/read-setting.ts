/** Reads a file that a setting names. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RequestError } from '../errors.ts';

/**
 * @param setting dotted name, for the person who has to correct it
 * @throws RequestError one sentence when the file cannot be read
 */
export const readSettingFile = async (file: string, setting: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RequestError(
      `The file ${file} (${setting}) cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
};

export const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Certificates to trust. TLS passes over in silence what it cannot read, and then trusts nobody.
 * @throws RequestError one sentence when there is none in the file, or one of them is none
 */
export const readTrustedCertificates = async (file: string, setting: string): Promise<string> => {
  const text = await readSettingFile(file, setting);
  const found = text.match(pemCertificate) ?? [];
  try {
    for (const pem of found) new X509Certificate(pem);
    if (found.length > 0) return text;
  } catch {
    // Told below, together with a file that holds no certificate at all.
  }
  throw new RequestError(`The file ${file} (${setting}) holds no readable PEM certificate.`);
};
