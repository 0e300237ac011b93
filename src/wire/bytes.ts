/**
 * The field types that the PostgreSQL protocol is made of (manual, "Message Data Types") and the frame
 * around a typed message: one type byte, an Int32 length that counts itself but not the type, the body.
 *
 * Never decides what a message means and never throws Refusal: the readers answer null and the callers, who
 * know which peer is at fault, refuse.
 */

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/**
 * A String field: the text and a NUL. Throws RangeError when the text itself holds a NUL, because what
 * follows it would be read as the next field; text that a peer may have influenced is cleaned before it gets
 * here.
 */
export const cString = (text: string | Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): Buffer => {
  const bytes = typeof text === 'string' ? Buffer.from(text, encoding) : text;
  if (bytes.includes(0)) throw new RangeError('a protocol string may not hold a NUL byte');
  return Buffer.concat([bytes, Buffer.of(0)]);
};

/** A typed message; `type` is its one ASCII letter or digit. */
export const buildMessage = (type: string, ...fields: readonly Buffer[]): Buffer => {
  const bodyBytes = fields.reduce((sum, field) => sum + field.length, 0);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(bodyBytes + 4), ...fields]);
};

/**
 * All strings of a body that consists of nothing but NUL-terminated strings, as views without their NULs.
 * null: the last one is not terminated. An empty body holds no string.
 */
export const splitCStrings = (body: Buffer): Buffer[] | null => {
  const strings: Buffer[] = [];
  let offset = 0;
  while (offset < body.length) {
    const end = body.indexOf(0, offset);
    if (end === -1) return null;
    strings.push(body.subarray(offset, end));
    offset = end + 1;
  }
  return strings;
};
