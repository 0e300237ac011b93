/**
 * The little of DER (X.690) that a signing request and an RSA key need: written, and read one level deep.
 * Works on values; knows nothing about what they mean.
 */

export const tags = {
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  attributes: 0xa0,
} as const;

export const concat = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

/** Short form below 128 bytes, else the length's bytes after their count (X.690 §8.1.3). */
const buildLength = (length: number): Uint8Array => {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
};

/** One element: tag, length and the parts of its content. */
export const buildElement = (tag: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const inside = concat(...content);
  return concat(Uint8Array.of(tag), buildLength(inside.length), inside);
};

/** From dotted text, for identifiers whose first two numbers are below 40 (X.690 §8.19). */
export const buildObjectIdentifier = (dotted: string): Uint8Array => {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const bytes = others.flatMap((number) => {
    const groups = [number & 0x7f];
    for (let rest = number >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80);
    return groups;
  });
  return buildElement(tags.objectIdentifier, Uint8Array.of(first * 40 + second, ...bytes));
};

/** Whole bytes: none of the last byte's bits is unused. */
export const buildBitString = (bytes: Uint8Array): Uint8Array =>
  buildElement(tags.bitString, Uint8Array.of(0), bytes);

/**
 * The contents of the elements that follow each other in `bytes`.
 * @throws RangeError when they end too early
 */
export function readElements(
  bytes: Uint8Array,
): readonly { readonly tag: number; readonly content: Uint8Array }[] {
  const elements: { tag: number; content: Uint8Array }[] = [];
  let offset = 0;
  const next = (): number => {
    const byte = bytes[offset];
    if (byte === undefined) throw new RangeError('The DER ends too early.');
    offset += 1;
    return byte;
  };
  while (offset < bytes.length) {
    const tag = next();
    let length = next();
    if (length >= 0x80) {
      let count = length & 0x7f;
      for (length = 0; count > 0; count -= 1) length = length * 256 + next();
    }
    if (offset + length > bytes.length) throw new RangeError('The DER ends too early.');
    elements.push({ tag, content: bytes.subarray(offset, offset + length) });
    offset += length;
  }
  return elements;
}

/** For keys and requests, not for large data. RFC 7468: base64 in lines of 64 characters between the two label lines. */
export const toPem = (label: string, der: Uint8Array): string => {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};
