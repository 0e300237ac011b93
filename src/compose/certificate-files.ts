/**
 * Which certificate files are watched, and what they say. By content: whatever renews certificates may write over them,
 * rename others into their place, or (as Kubernetes does) turn a symbolic link far up the path.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';

export const filesWatchedFor = ({ gate, console, authority, backends }: Config): readonly string[] => [
  ...(gate ? [gate.certificateFile, gate.keyFile, gate.clientCaFile] : []),
  ...(console?.tls ? [console.tls.certificateFile, console.tls.keyFile] : []),
  // Nobody but a console issues certificates in a process that goes on.
  ...(console && authority ? [authority.certificateFile, authority.keyFile, authority.serverCaFile] : []),
  ...[...backends.values()].flatMap(({ caFile, clientCertificate }) => [
    ...(caFile === null ? [] : [caFile]),
    ...(clientCertificate ? [clientCertificate.certificateFile, clientCertificate.keyFile] : []),
  ]),
];

/** Stays the same as long as all files do; one that cannot be read is a state of its own. Never rejects. */
export const digestOfFiles = async (files: readonly string[]): Promise<string> => {
  const contents = await Promise.all(
    files.map((file) => readFile(file).catch((error: NodeJS.ErrnoException) => Buffer.from(`${error.code}`))),
  );
  const hash = createHash('sha256');
  for (const [index, content] of contents.entries()) {
    hash.update(`${files[index]}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
};
