/**
 * Reads a ZIP by its central directory, as unpackers do (PKWARE APPNOTE §4.3.12), for tests that look at what is
 * inside: names, Unix modes, contents. Throws on whatever it does not expect.
 */

import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  /** The whole Unix mode, file type included. */
  readonly mode: number;
  readonly content: Buffer;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const madeByUnix = 3;

const contentOf = (zip: Buffer, entry: Buffer): Buffer => {
  const local = zip.subarray(entry.readUInt32LE(42));
  if (local.readUInt32LE(0) !== localSignature) throw new Error('no local header');
  const start = 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const packed = local.subarray(start, start + entry.readUInt32LE(20));
  const content = entry.readUInt16LE(10) === 0 ? packed : inflateRawSync(packed);
  if (content.length !== entry.readUInt32LE(24) || crc32(content) !== entry.readUInt32LE(16)) {
    throw new Error('size or checksum is wrong');
  }
  return content;
};

export const unzip = (zip: Buffer): readonly ZipEntry[] => {
  const end = zip.subarray(-22);
  if (end.readUInt32LE(0) !== endSignature) throw new Error('no end of central directory');
  const entries: ZipEntry[] = [];
  let rest = zip.subarray(end.readUInt32LE(16));
  for (let index = 0; index < end.readUInt16LE(10); index += 1) {
    if (rest.readUInt32LE(0) !== entrySignature) throw new Error('no entry');
    if (rest.readUInt8(5) !== madeByUnix) throw new Error('external attributes are not of Unix');
    const nameLength = rest.readUInt16LE(28);
    entries.push({
      name: rest.toString('utf8', 46, 46 + nameLength),
      mode: rest.readUInt32LE(38) >>> 16,
      content: contentOf(zip, rest),
    });
    rest = rest.subarray(46 + nameLength + rest.readUInt16LE(30) + rest.readUInt16LE(32));
  }
  return entries;
};
