/**
 * One stage of the rotation of a CA: what is left of it is read from the files, what depends on the CA from the store. It
 * is audited before the first file is written, so that no change of a file is without an event; whoever goes on with a
 * stage that was interrupted is recorded again.
 */

import type { X509Certificate } from 'node:crypto';
import { commonNameOf } from '../authority/authority-name.ts';
import { identityOf } from '../authority/issue.ts';
import { type RotatingFiles, type RotationState, readRotationState } from '../authority/rotation-state.ts';
import { planRotation, type RotationStage } from '../authority/rotation-steps.ts';
import { RequestError } from '../errors.ts';
import { type Dependents, listBundledWithout, listIssuedByOthers } from '../store/certificate-origins.ts';
import { withRotationLock } from '../store/locks.ts';
import type { StoreContext } from './context.ts';
import type { OnProgress } from './progress.ts';
import { recordChange } from './record.ts';

export interface AuthorityRequest {
  readonly files: RotatingFiles;
  readonly stage: RotationStage;
  /** Though clients are left that depend on the CA that goes. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

export interface CaShown {
  readonly name: string;
  readonly fingerprintSha256: string;
  readonly notAfter: Date;
  /** `next`: trusted and does not sign yet; `retiring`: trusted and signs no more. */
  readonly use: 'signs' | 'next' | 'retiring';
}

export interface RotatedAuthority {
  readonly dryRun: boolean;
  /** As it was found. */
  readonly found: RotationState['stage'];
  /** The CAs as they are now. */
  readonly authorities: readonly CaShown[];
  /** What was done, or would be. Empty: the stage had been reached. */
  readonly steps: readonly string[];
  /** Active certificates that stop working with the CA that goes, by account. */
  readonly dependents: readonly Dependents[];
  /** Of a dry run: why this would be refused. */
  readonly refusal: string | null;
}

const fingerprintOf = (certificate: X509Certificate): string => identityOf(certificate).fingerprint;

const shown = ({ current, next, retiring }: RotationState): readonly CaShown[] => {
  const show = (certificate: X509Certificate, use: CaShown['use']): CaShown => ({
    name: commonNameOf(certificate),
    fingerprintSha256: fingerprintOf(certificate),
    notAfter: certificate.validToDate,
    use,
  });
  return [
    show(current, 'signs'),
    ...(next === null ? [] : [show(next, 'next')]),
    ...retiring.map((old) => show(old, 'retiring')),
  ];
};

/** Who is left that knows only the CA which this stage, or the next that hurts, takes out of use. */
const dependentsOf = async (
  { store }: Pick<StoreContext, 'store'>,
  { files, current, next, retiring, trusted }: RotationState,
): Promise<readonly Dependents[]> => {
  if (files.kind === 'server') return next === null ? [] : listBundledWithout(store, fingerprintOf(next));
  if (next === null && retiring.length === 0) return [];
  const goes = new Set((next === null ? retiring : [current, ...retiring]).map(fingerprintOf));
  const stays = [...trusted.values()].flat().map(fingerprintOf);
  return listIssuedByOthers(
    store,
    stays.filter((fingerprint) => !goes.has(fingerprint)),
  );
};

/** The stage at which clients that were not provided for are cut off. */
const cuttingStage = { server: 'switch', client: 'finish' } as const;

/** null: nobody is cut off, or that is wanted. */
const whyNotToCutOff = (
  { files: { kind }, stage, force }: AuthorityRequest,
  dependents: readonly Dependents[],
): string | null => {
  if (force || stage !== cuttingStage[kind] || dependents.length === 0) return null;
  const accounts = dependents.map(({ account, certificates }) => `${account} (${certificates})`).join(', ');
  return kind === 'server'
    ? `Active certificates of ${accounts} came in bundles that trust the old server CA alone: give their holders new bundles or the new server_ca.pem, then say --force.`
    : `Active certificates of ${accounts} are signed by the old client CA: issue new ones and revoke these, or cut them off with --force.`;
};

/**
 * @returns what was done, which is nothing with `dryRun`
 * @throws RequestError when another stage has to come first, clients would be cut off, or a file cannot be changed
 */
export const rotateAuthority = (
  context: StoreContext,
  request: AuthorityRequest,
  onProgress: OnProgress = () => undefined,
): Promise<RotatedAuthority> =>
  withRotationLock(context.store, 'CAs', async () => {
    const { files, stage, dryRun } = request;
    const before = await readRotationState(files);
    const steps = planRotation(before, stage);
    const dependents = await dependentsOf(context, before);
    const refusal = steps.length === 0 ? null : whyNotToCutOff(request, dependents);
    const told = { dryRun, found: before.stage, steps: steps.map(({ says }) => says), dependents, refusal };
    if (dryRun || steps.length === 0) return { ...told, authorities: shown(before) };
    if (refusal !== null) throw new RequestError(refusal);
    await recordChange(
      context,
      {
        action: stage === 'renew' ? 'server-certificate.renew' : `${files.kind}-ca.${stage}`,
        target: commonNameOf(before.current),
      },
      async () => ({
        before: { authorities: shown(before) },
        after: { steps: told.steps, dependents },
      }),
    );
    for (const [index, { run }] of steps.entries()) {
      await run();
      onProgress(index + 1, steps.length);
    }
    return { ...told, authorities: shown(await readRotationState(files)) };
  });
