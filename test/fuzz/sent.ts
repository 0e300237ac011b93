/** What a script sends, as rules look at it. */

import { type Script, type Step, streams } from './script.ts';

export const startsInTls = ({ steps }: Script): boolean => steps[0]?.kind === 'tls';
export const tlsSteps = ({ steps }: Script) =>
  steps.filter((step): step is Extract<Step, { kind: 'tls' }> => step.kind === 'tls');
export const mentions = (script: Script, text: string): boolean =>
  streams(script).some((bytes) => bytes.includes(text));

/** Bodies of the untyped packets that a stream is made of, as far as their lengths can be believed. */
export const packetsIn = (bytes: Buffer): Buffer[] => {
  const bodies: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readInt32BE(at);
    if (length < 8 || at + length > bytes.length) break;
    bodies.push(bytes.subarray(at + 4, at + length));
    at += length;
  }
  return bodies;
};

/** Data of SASLInitialResponses, as far as their lengths go. */
export const firstScramMessages = (script: Script): string[] =>
  streams(script).flatMap((bytes) =>
    [...bytes.toString('latin1').matchAll(/SCRAM-SHA-256(?:-PLUS)?\0/g)].map(({ 0: name, index }) => {
      const at = index + name.length;
      const length = at + 4 <= bytes.length ? Math.max(0, bytes.readInt32BE(at)) : 0;
      return bytes.toString('latin1', at + 4, at + 4 + length);
    }),
  );

export const sendsMuch = ({ steps }: Script): boolean =>
  steps.some(
    (step) =>
      (step.kind === 'send' && step.bytes.length > 600) ||
      (step.kind === 'prove' && step.edits.some(({ insert }) => insert.length > 600)),
  );
