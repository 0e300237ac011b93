/** Bytes as people read them: hex, with readable runs as JSON strings. */

const run = /[\x20-\x7e]{3,}/g;

export const asText = (bytes: Buffer): string => {
  const text = bytes.toString('latin1');
  const parts: string[] = [];
  let offset = 0;
  for (const { 0: readable, index } of text.matchAll(run)) {
    if (index > offset) parts.push(bytes.toString('hex', offset, index));
    parts.push(JSON.stringify(readable));
    offset = index + readable.length;
  }
  if (offset < bytes.length) parts.push(bytes.toString('hex', offset));
  return parts.join(' ');
};

/** @throws Error for what is neither hex nor a JSON string */
export const parseBytes = (text: string): Buffer => {
  const rest = text.replaceAll(/"(?:[^"\\]|\\.)*"|\b(?:[0-9a-f]{2})+\b/g, '').trim();
  if (rest !== '') throw new Error(`"${rest}" is neither hex nor a string`);
  const parts = text.match(/"(?:[^"\\]|\\.)*"|\b(?:[0-9a-f]{2})+\b/g) ?? [];
  return Buffer.concat(
    parts.map((part) =>
      part.startsWith('"') ? Buffer.from(JSON.parse(part) as string, 'latin1') : Buffer.from(part, 'hex'),
    ),
  );
};
