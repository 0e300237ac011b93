/**
 * The header of the PROXY protocol, versions 1 and 2, by which a load balancer tells whose connection it
 * passes on (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt). Whoever sends it decides which
 * address the allowlist sees: only trusted senders may be asked, and from them a header is mandatory, never
 * guessed.
 *
 * Reads as much as it has and never throws; TLVs are skipped unread.
 */

export type ProxyHeader =
  /** Call again with at least `minimum` bytes from the start of the connection. */
  | { readonly kind: 'need-more'; readonly minimum: number }
  /** `address` is canonical: dotted IPv4 (also where it came as ::ffff:…) or RFC 5952 IPv6. */
  | {
      readonly kind: 'proxied';
      readonly headerBytes: number;
      readonly address: string;
      readonly port: number;
    }
  /** The sender speaks for itself (a health check) or knows no IP address: the socket's own one counts. */
  | { readonly kind: 'local'; readonly headerBytes: number }
  | { readonly kind: 'invalid'; readonly reason: string };

const v1Prefix = Buffer.from('PROXY ', 'latin1');
/** Longest possible line of version 1, with its CR LF (§2.1). */
const maxV1Bytes = 107;

const v2Signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v2FixedBytes = 16;
/** 216 bytes are the longest address block; what is beyond are TLVs, of which real ones fit many times. */
const maxV2Bytes = 4096;

const needMore = (minimum: number): ProxyHeader => ({ kind: 'need-more', minimum });
const invalid = (reason: string): ProxyHeader => ({ kind: 'invalid', reason });

/** `bytes` is the connection's beginning; what follows the header is not looked at. */
export const parseProxyHeader = (bytes: Buffer): ProxyHeader => {
  // Version 1 first: with no byte yet both fit, and its shortest header is shorter than 16 bytes.
  if (startsAlike(bytes, v1Prefix)) {
    return bytes.length < v1Prefix.length ? needMore(v1Prefix.length) : parseV1(bytes);
  }
  if (startsAlike(bytes, v2Signature)) {
    return bytes.length < v2FixedBytes ? needMore(v2FixedBytes) : parseV2(bytes);
  }
  return invalid('it starts with neither PROXY nor the signature of version 2');
};

/** Both agree as far as both go. */
const startsAlike = (bytes: Buffer, prefix: Buffer): boolean => {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.compare(prefix, 0, length, 0, length) === 0;
};

const parseV1 = (bytes: Buffer): ProxyHeader => {
  const line = bytes.toString('latin1', 0, Math.min(bytes.length, maxV1Bytes));
  const end = line.indexOf('\r\n');
  if (end === -1) {
    return bytes.length < maxV1Bytes
      ? needMore(bytes.length + 1)
      : invalid('its line is longer than 107 bytes');
  }
  const headerBytes = end + 2;
  const [, family, ...fields] = line.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { kind: 'local', headerBytes };
  if (family !== 'TCP4' && family !== 'TCP6') return invalid('its family is none of TCP4, TCP6 and UNKNOWN');

  const canonical = family === 'TCP4' ? canonicalIpv4 : canonicalIpv6;
  const [source, destination, sourcePort, destinationPort] = fields;
  const address = canonical(source);
  const port = parsePort(sourcePort);
  const complete =
    fields.length === 4 && canonical(destination) !== null && parsePort(destinationPort) !== null;
  if (address === null || port === null || !complete) return invalid('its line is malformed');
  return { kind: 'proxied', headerBytes, address, port };
};

const parseV2 = (bytes: Buffer): ProxyHeader => {
  const versionAndCommand = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const headerBytes = v2FixedBytes + bytes.readUInt16BE(14);
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) {
    return invalid('its version or command is unknown');
  }
  if (headerBytes > maxV2Bytes) return invalid(`it has ${headerBytes} bytes, more than ${maxV2Bytes}`);
  if (bytes.length < headerBytes) return needMore(headerBytes);
  if (versionAndCommand === 0x20) return { kind: 'local', headerBytes };

  const block = bytes.subarray(v2FixedBytes, headerBytes);
  switch (family) {
    case 0x00: // UNSPEC
      return { kind: 'local', headerBytes };
    case 0x11: // TCP over IPv4: two addresses of 4 bytes, two ports
      if (block.length < 12) break;
      return {
        kind: 'proxied',
        headerBytes,
        address: block.subarray(0, 4).join('.'),
        port: block.readUInt16BE(8),
      };
    case 0x21: // TCP over IPv6: two addresses of 16 bytes, two ports
      if (block.length < 36) break;
      return { kind: 'proxied', headerBytes, address: ipv6Text(block), port: block.readUInt16BE(32) };
    case 0x31: // UNIX stream: two paths of 108 bytes
      if (block.length < 216) break;
      return { kind: 'local', headerBytes };
    default:
      return invalid('its family is not a stream over IPv4, IPv6 or UNIX');
  }
  return invalid('its address block is too short for its family');
};

/** Decimal without leading zeros, 0 … 65535. */
const parsePort = (text: string | undefined): number | null =>
  text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : null;

const canonicalIpv4 = (text: string | undefined): string | null => {
  const parts = text?.split('.') ?? [];
  const wellFormed =
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return wellFormed ? parts.join('.') : null;
};

/**
 * The WHATWG URL parser knows IPv6 to the letter and writes it as RFC 5952 says; the alphabet is checked
 * first.
 */
const canonicalIpv6 = (text: string | undefined): string | null => {
  const url = `http://[${text}]/`;
  if (text === undefined || !/^[0-9a-fA-F:.]+$/.test(text) || !URL.canParse(url)) return null;
  const address = new URL(url).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return address;
  const ipv4 = Buffer.alloc(4);
  ipv4.writeUInt16BE(Number.parseInt(mapped[1] as string, 16), 0);
  ipv4.writeUInt16BE(Number.parseInt(mapped[2] as string, 16), 2);
  return ipv4.join('.');
};

const ipv6Text = (block: Buffer): string => {
  const groups = Array.from({ length: 8 }, (_, index) => block.readUInt16BE(index * 2).toString(16));
  return canonicalIpv6(groups.join(':')) as string;
};
