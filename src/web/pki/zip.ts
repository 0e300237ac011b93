/**
 * A ZIP without compression (APPNOTE 6.3.3), for the one case in which the server must not make it: when the private
 * key is this browser's. Keeps Unix permissions, because libpq and JDBC refuse keys that others may read.
 */

import { concat } from './der.ts';

export interface ZipEntry {
  /** ASCII. */
  readonly name: string;
  /** Unix permissions. */
  readonly mode: number;
  readonly content: Uint8Array;
}

const regularFile = 0o100000;
const madeByUnix = 3 << 8;
const version = 20;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

const crc32 = (bytes: Uint8Array): number =>
  ~bytes.reduce((crc, byte) => (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8), 0xffffffff) >>> 0;

/** Little-endian numbers, each with its width in bytes. */
const buildNumbers = (...numbers: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array =>
  Uint8Array.from(
    numbers.flatMap(([value, bytes]) =>
      Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256),
    ),
  );

/** Year, month and day, then hours, minutes and pairs of seconds (MS-DOS). */
const dosTime = (at: Date): number => (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
const dosDate = (at: Date): number =>
  ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();

export function buildZip(entries: readonly ZipEntry[], at: Date): Uint8Array<ArrayBuffer> {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, mode, content } of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const described = buildNumbers(
      [version, 2],
      [0, 2],
      [0, 2],
      [dosTime(at), 2],
      [dosDate(at), 2],
      [crc32(content), 4],
      [content.length, 4],
      [content.length, 4],
      [nameBytes.length, 2],
      [0, 2],
    );
    const file = concat(buildNumbers([0x04034b50, 4]), described, nameBytes, content);
    const attributes = (regularFile | mode) * 65_536;
    directory.push(
      buildNumbers([0x02014b50, 4], [madeByUnix | version, 2]),
      described,
      buildNumbers([0, 2], [0, 2], [0, 2], [attributes, 4], [offset, 4]),
      nameBytes,
    );
    files.push(file);
    offset += file.length;
  }
  const listing = concat(...directory);
  const { length } = entries;
  const end = buildNumbers(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [length, 2],
    [length, 2],
    [listing.length, 4],
    [offset, 4],
    [0, 2],
  );
  return concat(...files, listing, end);
}
