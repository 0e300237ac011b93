/** Whom limits count as one. Pure. */

import { displayAddress, parseAddress } from './cidr.ts';

/** Whoever has one IPv6 address has all of its /64; an IPv4 address, and what is no address, is itself. */
export const networkOf = (address: string): string => {
  const words = address.includes(':') ? parseAddress(address) : undefined;
  if (words?.length !== 4) return displayAddress(address);
  return [...words.subarray(0, 2)].map((word) => word.toString(16).padStart(8, '0')).join(':');
};
