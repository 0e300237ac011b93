/**
 * The differences between PostgreSQL and Postern that are meant: `docs/wire-differences.md` says of each what and why, under
 * the same id. A rule sees the words of both, and is as narrow as they let it be.
 */

import { type Script, streams } from './script.ts';
import { firstScramMessages, mentions, packetsIn, sendsMuch, startsInTls, tlsSteps } from './sent.ts';
import { answered, asked, goesOn, otherEnd, sameUntil, withoutEnd, withoutVersion } from './words.ts';

export interface Comparison {
  readonly script: Script;
  readonly postgres: string;
  readonly postern: string;
  /** PostgreSQL's major one. */
  readonly version: number;
}

interface Rule {
  readonly id: string;
  readonly explains: (comparison: Comparison) => boolean;
}

export const rules: readonly Rule[] = [
  {
    id: 'older-postgresql',
    explains: ({ script, version, postgres, postern }) => {
      if (version >= 18) return false;
      const plainly = (words: string) => withoutVersion(words).replace(/ K\d+/, '');
      return (
        (version < 17 && startsInTls(script)) ||
        (version < 17 && tlsSteps(script).some(({ alpn }) => alpn !== null) && postern.endsWith('alert')) ||
        (mentions(script, '\x16') && postgres === 'closed' && postern.startsWith('alert')) ||
        plainly(postgres) === plainly(postern)
      );
    },
  },
  {
    id: 'gssapi',
    explains: ({ postgres, postern }) => /^(?:S )?G /.test(postgres) && /^(?:S )?N /.test(postern),
  },
  {
    id: 'protocol-2-error',
    explains: ({ postgres, postern }) =>
      postgres.replace('E(protocol 2)', 'E0A000') === postern && postgres !== postern,
  },
  {
    id: 'version-after-tls',
    explains: ({ script, postgres, postern }) =>
      !postern.includes('R10') &&
      tlsSteps(script).length === 0 &&
      postern.endsWith('E28000 closed') &&
      withoutVersion(postgres) === postern,
  },
  {
    id: 'data-behind-ssl-request',
    explains: ({ postgres, postern }) => {
      const before = otherEnd(postern, 'E08P01 closed', '');
      return before !== undefined && /^(?:N )?$/.test(before) && postgres.startsWith(`${before}S `);
    },
  },
  {
    id: 'data-behind-gssapi-request',
    explains: ({ script, postgres, postern }) =>
      streams(script).some((bytes) => bytes.includes(Buffer.from('04d21630', 'hex'))) &&
      [postgres, postern].some((words) => /^(?:S )?N E08P01 closed$/.test(words)) &&
      [postgres, postern].every((words) => /^(?:S )?N /.test(words)),
  },
  {
    id: 'requests-in-direct-tls',
    explains: ({ script, postgres, postern }) =>
      startsInTls(script) && postgres.startsWith('N ') && postern === 'E0A000 closed',
  },
  {
    id: 'replication',
    explains: ({ script, postgres, postern }) =>
      mentions(script, 'replication') &&
      /(?:E(?:22023|28000)|R10\(\S*\)) closed$/.test(postgres) &&
      /E(?:0A000|28000|08P01) closed$/.test(postern) &&
      // Whoever may log in is asked for the password first.
      sameUntil(withoutVersion(postgres).replace(/R10\(\S*\) closed$/, 'closed'), withoutVersion(postern)),
  },
  {
    id: 'last-byte',
    explains: ({ script, postern }) =>
      /^(?:N |S )*E08P01 closed$/.test(postern) &&
      streams(script).some((bytes) =>
        packetsIn(bytes).some((body) => body.at(-1) !== 0 && (body.at(-2) === 0 || body.length === 5)),
      ),
  },
  {
    id: 'certificate-told',
    explains: ({ script, postgres, postern }) =>
      tlsSteps(script).some(({ certificate }) => certificate === 'foreign') &&
      /^(?:N )?(?:S )?(?:alert|closed)$/.test(postgres) &&
      postern.startsWith(withoutEnd(postgres)),
  },
  {
    id: 'alpn-told',
    explains: ({ script, postgres, postern }) =>
      startsInTls(script) &&
      tlsSteps(script)[0]?.alpn === null &&
      postgres === 'closed' &&
      postern.endsWith('closed'),
  },
  {
    id: 'tls-alert',
    explains: ({ script, postgres, postern }) =>
      mentions(script, '\x16') && postgres.replace('alert ', '') === postern.replace('alert ', ''),
  },
  {
    id: 'database-first',
    explains: ({ postgres, postern }) => {
      const before = otherEnd(postern, 'E3D000 closed', '');
      return before !== undefined && postgres.startsWith(`${before}R10`);
    },
  },
  {
    id: 'scram-features',
    explains: ({ postgres, postern }) =>
      answered(postgres, 'E0A000') && answered(postern, 'E08P01') && sameUntil(postgres, postern),
  },
  {
    id: 'password-length',
    explains: ({ script, postgres, postern }) =>
      answered(postgres, 'E28P01') &&
      (asked.test(withoutEnd(postern)) || answered(postern, 'E08P01')) &&
      sameUntil(postgres, postern) &&
      (!postern.includes('R11') || sendsMuch(script)),
  },
  {
    id: 'message-type-first',
    explains: ({ postgres, postern }) =>
      answered(postgres, 'E08P01') && asked.test(withoutEnd(postern)) && sameUntil(postgres, postern),
  },
  {
    id: 'scram-without-data',
    explains: ({ script, postgres, postern }) =>
      goesOn(postgres, postern) &&
      streams(script).some((bytes) => bytes.includes(Buffer.from('00ffffffff', 'hex'))),
  },
  {
    id: 'scram-nonce',
    explains: ({ script, postgres, postern }) =>
      goesOn(postgres, postern) && firstScramMessages(script).some((message) => /,r=(?:$|,)/.test(message)),
  },
  {
    id: 'scram-end-of-first',
    explains: ({ script, postgres, postern }) =>
      goesOn(postgres, postern) &&
      streams(script).some((bytes) => /,r=[^,]+,(?![A-Za-z]=)/.test(bytes.toString('latin1'))),
  },
  {
    id: 'scram-binding-first',
    explains: ({ script, postgres, postern }) =>
      mentions(script, 'SCRAM-SHA-256-PLUS') &&
      postgres.endsWith(' R11 E28000 closed') &&
      otherEnd(postgres, 'E28000 closed', 'E08P01 closed') === postern,
  },
  {
    id: 'scram-base64',
    explains: ({ script, postgres, postern }) =>
      answered(postern, 'E08P01') &&
      (answered(postgres, 'E28P01') || postgres.startsWith(`${otherEnd(postern, 'E08P01 closed', '')}R12`)) &&
      script.steps.some((step) => step.kind === 'prove' && step.edits.length > 0),
  },
  {
    id: 'ok-after-backend',
    explains: ({ postgres, postern }) =>
      postgres.includes(' R12 R0 E') && postgres.replace(' R0 E', ' E') === postern,
  },
  {
    id: 'close-without-reset',
    explains: ({ postgres, postern }) =>
      postgres.endsWith('reset') &&
      !postern.endsWith('reset') &&
      `${postern} `.startsWith(withoutEnd(postgres)),
  },
];

/** What PostgreSQL would say if its end did not destroy the rest: then other rules may hold. */
const asIfClosed = (comparison: Comparison): Comparison => ({
  ...comparison,
  postgres: comparison.postgres.replace(/reset$/, 'closed'),
});

/** As if both had agreed on the same version: of older ones that is told by a rule of its own. */
const asIfOneVersion = (comparison: Comparison): Comparison => ({
  ...comparison,
  postgres: withoutVersion(comparison.postgres),
  postern: withoutVersion(comparison.postern),
});

/** The first rule that explains the difference; undefined: there is none, or it is not explained. */
export const ruleOf = (comparison: Comparison): Rule | undefined => {
  if (comparison.postgres === comparison.postern) return undefined;
  const alike = comparison.version < 18 ? [comparison, asIfOneVersion(comparison)] : [comparison];
  for (const each of [...alike, ...alike.map(asIfClosed)]) {
    const rule = rules.find(({ explains }) => explains(each));
    if (rule) return rule;
  }
  return undefined;
};
