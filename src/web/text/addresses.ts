/** Addresses as people type or paste them. Pure; whether they are addresses is for the console to say. */

/** Both families: what the switch "any address" means. */
export const anyAddress = ['0.0.0.0/0', '::/0'] as const;

/** The entries of a text, separated by commas, semicolons or white space, each once and in order. */
export const splitEntries = (text: string): readonly string[] => [
  ...new Set(text.split(/[\s,;]+/).filter((entry) => entry !== '')),
];

/** The text with one more entry, unless it is there already. */
export function withAddress(text: string, address: string): string {
  const entries = splitEntries(text);
  return entries.includes(address) ? text : [...entries, address].join(', ');
}

/** A rule for a single address without its prefix length, everything else as it is. */
export const shortCidr = (cidr: string): string => cidr.replace(cidr.includes(':') ? /\/128$/ : /\/32$/, '');
