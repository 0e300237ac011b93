/**
 * What a client does to a server, step by step, and the same as text: so a case is kept in `corpus/`, and so a failing
 * one is printed. Bytes are hex, readable runs of them are JSON strings; a line that starts with # is a comment.
 */

import { asText, parseBytes } from './byte-text.ts';

/** Replaces `remove` bytes at `at` by `insert`. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: Buffer;
}

export type Certificate = 'own' | 'foreign' | 'none';

export type Step =
  /** In one write. */
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** Until the server expects the client to go on, has refused it, or has gone. */
  | { readonly kind: 'wait' }
  /** The client's handshake. */
  | { readonly kind: 'tls'; readonly certificate: Certificate; readonly alpn: string | null }
  /** The right client-final-message to what the server has just said, with these edits in its text, one after the other. */
  | { readonly kind: 'prove'; readonly edits: readonly Edit[] };

export interface Script {
  /** Whether it comes from an address whose PROXY header is believed. */
  readonly from: 'client' | 'balancer';
  /** Behind the last one the client sends no more and reads to the end. */
  readonly steps: readonly Step[];
}

const lineOf = (step: Step): string => {
  switch (step.kind) {
    case 'send':
      return `send ${asText(step.bytes)}`;
    case 'wait':
      return 'wait';
    case 'tls':
      return `tls ${step.certificate} ${step.alpn ?? '-'}`;
    case 'prove':
      return [
        'prove',
        ...step.edits.map(({ at, remove, insert }) => `${at}-${remove}+${insert.toString('hex')}`),
      ].join(' ');
  }
};

/** As text that `parseScript` reads. */
export const formatScript = ({ from, steps }: Script): string =>
  [...(from === 'balancer' ? ['from balancer'] : []), ...steps.map(lineOf)].join('\n');

const parseEdit = (text: string): Edit => {
  const [, at, remove, insert] = /^(\d+)-(\d+)\+((?:[0-9a-f]{2})*)$/.exec(text) ?? [];
  if (insert === undefined) throw new Error(`"${text}" is no edit`);
  return { at: Number(at), remove: Number(remove), insert: Buffer.from(insert, 'hex') };
};

const certificates: readonly string[] = ['own', 'foreign', 'none'] satisfies Certificate[];

const parseStep = (line: string): Step => {
  const [word = '', ...rest] = line.split(' ');
  switch (word) {
    case 'send':
      return { kind: 'send', bytes: parseBytes(line.slice(word.length)) };
    case 'wait':
      return { kind: 'wait' };
    case 'tls': {
      const [certificate = '', alpn = '-'] = rest;
      if (!certificates.includes(certificate)) throw new Error(`"${certificate}" is no certificate`);
      return { kind: 'tls', certificate: certificate as Certificate, alpn: alpn === '-' ? null : alpn };
    }
    case 'prove':
      return { kind: 'prove', edits: rest.filter(Boolean).map(parseEdit) };
    default:
      throw new Error(`"${line}" is no step`);
  }
};

/** @throws Error for a line that is none */
export const parseScript = (text: string): Script => {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const fromBalancer = lines[0] === 'from balancer';
  return {
    from: fromBalancer ? 'balancer' : 'client',
    steps: (fromBalancer ? lines.slice(1) : lines).map(parseStep),
  };
};

/** All that is sent in one go on one layer: before the handshake, and in it. */
export const streams = ({ steps }: Script): Buffer[] => {
  const parts: Buffer[][] = [[]];
  for (const step of steps) {
    if (step.kind === 'tls') parts.push([]);
    if (step.kind === 'send') parts.at(-1)?.push(step.bytes);
  }
  return parts.map((pieces) => Buffer.concat(pieces));
};
