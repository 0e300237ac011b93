/**
 * Addresses and CIDRs from text, in any spelling: people's at the boundary, PostgreSQL's and sockets' within. IPv4 and
 * IPv4-mapped IPv6 are the same address.
 */

import IPCIDR from 'ip-cidr';
import { RequestError } from '../errors.ts';

/** One word (IPv4) or four words (IPv6), most significant first. */
export type Address = Uint32Array;

export interface Cidr {
  /** Host bits cleared, IPv6 compressed, always with a prefix length. */
  readonly cidr: string;
  readonly family: 4 | 6;
  readonly prefixBits: number;
}

const mappedPrefix = /^::ffff:(?=\d+\.\d+\.\d+\.\d+)/i;
const zone = /%.*$/;
const dottedTail = /(?<=:)\d+\.\d+\.\d+\.\d+$/;

/** The range that a CIDR covers, as numbers of 32 or 128 bits. */
export interface Range {
  readonly family: 4 | 6;
  readonly prefixBits: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** The last 32 bits of an IPv6 address in hex: PostgreSQL prints `::ffff:0:0` and `::5` with dots, ip-cidr reads none. */
const withHexTail = (address: string): string =>
  address.replace(dottedTail, (dotted) => {
    const bytes = dotted.split('.').map(Number);
    if (!IPCIDR.isValidAddress(dotted)) return dotted;
    const hex = Buffer.from(bytes).toString('hex');
    return `${hex.slice(0, 4)}:${hex.slice(4)}`;
  });

const plainIpv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;
const plainIpv6 =
  /^([0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?(?:(::)([0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?)?(?:\/(\d{1,3}))?$/;

const rangeOf = (family: 4 | 6, address: bigint, prefixBits: number): Range => {
  const hostBits = BigInt((family === 4 ? 32 : 128) - prefixBits);
  const low = (address >> hostBits) << hostBits;
  return { family, prefixBits, low, high: low | ((1n << hostBits) - 1n) };
};

/**
 * The spelling that PostgreSQL and sockets use, some thirty times faster than ip-cidr: a policy has hundreds of thousands
 * of rules to load. undefined: another spelling, or nothing of the kind.
 */
const parsePlainRange = (text: string): Range | undefined => {
  const four = plainIpv4.exec(text);
  if (four) {
    const [one, two, three, last, prefixBits] = four.slice(1).map((part) => Number(part ?? 32));
    const parts = [one, two, three, last] as [number, number, number, number];
    // Zeros in front are octal to some: ip-cidr decides.
    if (/(^|\.)0\d/.test(text) || parts.some((part) => part > 255) || Number(prefixBits) > 32)
      return undefined;
    const word = parts.reduce((sum, part) => sum * 256 + part);
    return rangeOf(4, BigInt(word), Number(prefixBits));
  }
  const six = plainIpv6.exec(text);
  if (!six) return undefined;
  const [head = [], tail = []] = [six[1], six[3]].map((groups) => groups?.split(':') ?? []);
  const missing = 8 - head.length - tail.length;
  const prefixBits = Number(six[4] ?? 128);
  if ((six[2] === undefined ? missing !== 0 : missing < 1) || prefixBits > 128) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  return rangeOf(6, BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`), prefixBits);
};

/** IPv4-mapped IPv6 is IPv4. */
const withoutMapping = (range: Range): Range => {
  const { family, prefixBits, low, high } = range;
  if (family === 4 || prefixBits < 96 || low >> 32n !== 0xffffn) return range;
  return { family: 4, prefixBits: prefixBits - 96, low: low & 0xffff_ffffn, high: high & 0xffff_ffffn };
};

/** A CIDR, or an address as the range of itself, in any spelling. undefined: neither. */
export const parseRange = (text: string): Range | undefined => {
  const plain = parsePlainRange(text) ?? parseAnyRange(text);
  return plain && withoutMapping(plain);
};

const parseAnyRange = (text: string): Range | undefined => {
  const [given = ''] = text.split('/', 1);
  const address = withHexTail(given);
  const family = address.includes(':') ? 6 : 4;
  const whole = `${address}${text.slice(given.length) || `/${family === 6 ? 128 : 32}`}`;
  if (whole.includes('%') || !IPCIDR.isValidCIDR(whole)) return undefined;
  const range = new IPCIDR(whole);
  const low = BigInt(range.start<bigint>({ type: 'bigInteger' }));
  const high = BigInt(range.end<bigint>({ type: 'bigInteger' }));
  const prefixBits = Number(whole.slice(whole.indexOf('/') + 1));
  return { family, prefixBits, low, high };
};

export const wordsOf = (value: bigint, family: 4 | 6): number[] =>
  (family === 4 ? [0n] : [96n, 64n, 32n, 0n]).map((shift) => Number((value >> shift) & 0xffff_ffffn));

/** Dotted IPv4, or IPv6 as RFC 5952 has it but never with dots. */
const textOf = (value: bigint, family: 4 | 6): string => {
  const hex = value.toString(16).padStart(family === 4 ? 8 : 32, '0');
  if (family === 4) return Buffer.from(hex, 'hex').join('.');
  return new IPCIDR(`${hex.match(/.{4}/g)?.join(':')}/128`).addressStart.correctForm();
};

/**
 * One entry of an allowlist as a person types it: an address, or a CIDR of either family.
 * @throws RequestError one sentence that shows what was seen
 */
export const parseCidr = (text: string): Cidr => {
  const range = parseRange(text.trim());
  // `::ffff:10.0.0.0/8` may mean 10.0.0.0/8 or ::/8: nobody wants to find out which.
  const ambiguous = range?.family === 6 && parseAddress(text.trim().replace(/\/.*/, ''))?.length === 1;
  if (range === undefined || ambiguous) {
    throw new RequestError(
      `"${text.trim().slice(0, 60)}" is not an address: write one like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.`,
    );
  }
  const { family, prefixBits, low } = range;
  return { cidr: `${textOf(low, family)}/${prefixBits}`, family, prefixBits };
};

/** The address of a peer as sockets and PROXY headers give it; undefined when the text is not an address. */
export const parseAddress = (text: string): Address | undefined => {
  const range = text.includes('/') ? undefined : parseRange(text.replace(zone, ''));
  return range && Uint32Array.from(wordsOf(range.low, range.family));
};

/** How an address is shown to people and in logs: without zone and without the IPv4-mapped prefix. */
export const displayAddress = (text: string): string => text.replace(zone, '').replace(mappedPrefix, '');
