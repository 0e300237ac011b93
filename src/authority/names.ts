/**
 * The names of a server certificate: host names and IP addresses, as an operator types them, in the form the
 * subject alternative name wants (RFC 5280 §4.2.1.6). Pure.
 */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { RequestError } from '../errors.ts';

export interface ServerName {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

const parseServerName = (text: string): ServerName => {
  const trimmed = text.trim();
  // A zone index (fe80::1%eth0) means something on one host only and has no place in a certificate.
  if (isIP(trimmed) !== 0 && !trimmed.includes('%')) return { type: 'ip', value: trimmed };
  const host = domainToASCII(trimmed.replace(/^\*\./, ''));
  const labels = host.split('.');
  // Four numbers that are no address are a mistyped address, not a host.
  if (host.length > 253 || !labels.every((part) => label.test(part)) || /^\d+$/.test(labels.at(-1) ?? '')) {
    throw new RequestError(
      `${JSON.stringify(text)} is neither a host name nor an IP address: ` +
        'write it without port, brackets or protocol, for example db.example.com or 192.0.2.10.',
    );
  }
  return { type: 'dns', value: trimmed.startsWith('*.') ? `*.${host}` : host };
};

/** Each name once, in the given order. Throws RequestError if there is none, or one that is no name. */
export const parseServerNames = (texts: readonly string[]): readonly ServerName[] => {
  const names = new Map<string, ServerName>();
  for (const name of texts.map(parseServerName)) names.set(name.value, name);
  if (names.size === 0) {
    throw new RequestError(
      'A server certificate needs at least one host name or IP address that clients connect to.',
    );
  }
  return [...names.values()];
};
