/** Rotations of CAs that are under way: how far they are, and what comes next. Nothing to say when there is none. */

import { commonNameOf } from '../../authority/authority-name.ts';
import {
  clientAuthorityFiles,
  type RotatingFiles,
  type RotationState,
  readRotationState,
  serverAuthorityFiles,
} from '../../authority/rotation-state.ts';
import type { Config } from '../../config/config.ts';
import { RequestError } from '../../errors.ts';
import { type Finding, warning } from './finding.ts';

const judge = ({ files: { kind }, stage, current, next, retiring }: RotationState): readonly Finding[] => {
  const check = `rotation of the ${kind} CA`;
  const nameOf = `"${commonNameOf(current)}" signs`;
  switch (stage) {
    case 'steady':
      return [];
    case 'begun': {
      const seen = `${nameOf}, and "${next === null ? '' : commonNameOf(next)}" is trusted beside it.`;
      return [warning(check, seen, `When all know both: \`postern rotate ${kind}-ca switch\`.`)];
    }
    case 'switched': {
      const seen = `${nameOf}, and ${retiring.map((old) => `"${commonNameOf(old)}"`).join(', ')} is still trusted.`;
      return [warning(check, seen, `When nobody needs it any more: \`postern rotate ${kind}-ca finish\`.`)];
    }
    default:
      return stage satisfies never;
  }
};

const examine = async (files: RotatingFiles): Promise<readonly Finding[]> => {
  try {
    return judge(await readRotationState(files));
  } catch (error) {
    // Files that cannot be used are told of with their settings, and CAs of others are not ours to rotate.
    if (error instanceof RequestError) return [];
    throw error;
  }
};

export const checkRotations = async ({ authority, gate }: Config): Promise<readonly Finding[]> => {
  if (authority === null) return [];
  const server = gate === null ? [] : await examine(serverAuthorityFiles(authority, gate, null));
  return [...server, ...(await examine(clientAuthorityFiles(authority, gate)))];
};
