/**
 * What is left to do of one stage of a rotation: the writes, in an order in which every state between two of them works.
 * A key is exchanged by one rename, and `loadAuthority` takes the certificate that belongs to it; the server's own key
 * stays, so that its new certificate is one write, too. Steps that have been done are not there the next time.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { RequestError } from '../errors.ts';
import { authorityName, commonNameOf } from './authority-name.ts';
import { createAuthority, createServerCertificate, generateKey } from './create.ts';
import { exchangeDurably, removeDurably, replaceDurably, writeDurably } from './durable-files.ts';
import { authorityDays, serverDays } from './files.ts';
import { type RotationState, readRotationState } from './rotation-state.ts';
import { loadServerCertificate } from './server-certificate.ts';

export const rotationStages = ['begin', 'switch', 'finish'] as const;
/** `renew`: not a rotation, only another server certificate by the CA that signs. */
export type RotationStage = (typeof rotationStages)[number] | 'renew';

export interface RotationStep {
  /** What is done, as an order. */
  readonly says: string;
  readonly run: () => Promise<void>;
}

const quoted = (certificate: X509Certificate): string => `"${commonNameOf(certificate)}"`;
const pemOf = (certificates: readonly X509Certificate[]): string => certificates.map(String).join('');
const isIn = (certificate: X509Certificate, list: readonly X509Certificate[]): boolean =>
  list.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256);
const commandFor = ({ files }: RotationState, stage: RotationStage): string =>
  `\`postern rotate ${files.kind}-ca ${stage}\``;

const beginSteps = (state: RotationState): readonly RotationStep[] => {
  const { files, current, next, retiring, trusted, keyPem, nextKeyPem, oldKeyIsKept } = state;
  const { kind, nextKeyFile } = files;
  if (retiring.length > 0 || (next === null && oldKeyIsKept)) {
    throw new RequestError(
      `The last rotation of the ${kind} CA is not finished: run ${commandFor(state, 'finish')} first.`,
    );
  }
  const steps: RotationStep[] = [];
  if (next === null && nextKeyPem === null) {
    steps.push({
      says: `make the key of the next ${kind} CA: ${nextKeyFile}`,
      run: async () => {
        const rights = keyPem === null ? { like: files.trustFiles[0], mode: 0o600 } : { like: files.keyFile };
        await writeDurably(nextKeyFile, await generateKey(), rights);
      },
    });
  }
  let made = next;
  const makeNext = async (): Promise<X509Certificate> => {
    // Of the key as it is on disk: whatever was written before an interruption counts.
    const { nextKeyPem: privateKeyPem } = await readRotationState(files);
    if (privateKeyPem === null) throw new Error(`${nextKeyFile} is gone.`);
    const commonName = authorityName(kind);
    const options = { commonName, validDays: authorityDays, privateKeyPem, after: current };
    return new X509Certificate((await createAuthority(options)).certificatePem);
  };
  for (const [file, certificates] of trusted) {
    if (next !== null && isIn(next, certificates)) continue;
    steps.push({
      says: `let ${file} carry the next CA as well, beside ${certificates.map(quoted).join(', ')}`,
      run: async () => {
        made ??= await makeNext();
        await replaceDurably(file, pemOf([...certificates, made]));
      },
    });
  }
  return steps;
};

/** The next CA with its key, which everybody trusts already. */
const readyToSwitch = (state: RotationState): { next: X509Certificate; privateKeyPem: string } => {
  const { files, next, trusted, nextKeyPem: privateKeyPem } = state;
  if (next === null || ![...trusted.values()].every((certificates) => isIn(next, certificates))) {
    throw new RequestError(
      `No next ${files.kind} CA is trusted yet: run ${commandFor(state, 'begin')} first.`,
    );
  }
  if (privateKeyPem === null) {
    throw new RequestError(
      `The key of ${quoted(next)} is not here (${files.nextKeyFile}): go on where the rotation was begun.`,
    );
  }
  return { next, privateKeyPem };
};

/** One write: the server's own key stays. */
const certifyServer = (
  { files: { signed } }: RotationState,
  authority: X509Certificate,
  privateKeyPem: string,
): RotationStep => ({
  says: `put a server certificate by ${quoted(authority)} for the same key and names into ${signed.certificateFile}`,
  run: async () => {
    const { names, keyPem } = await loadServerCertificate(signed);
    const { certificatePem } = await createServerCertificate({
      authority: { certificatePem: String(authority), privateKeyPem },
      names,
      validDays: serverDays,
      privateKeyPem: keyPem,
    });
    await replaceDurably(signed.certificateFile, certificatePem);
  },
});

const renewSteps = (state: RotationState): readonly RotationStep[] => {
  const { current, files, keyPem } = state;
  if (keyPem === null || !current.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new RequestError(
      `The key of ${quoted(current)} is not in ${files.keyFile}: say with --ca-key where it is kept.`,
    );
  }
  return [certifyServer(state, current, keyPem)];
};

/** Some clients read the first certificate of the file and no other. */
const putFirst = (first: X509Certificate, { files, trusted }: RotationState): readonly RotationStep[] => {
  const [file] = files.trustFiles;
  const [before, ...others] = trusted.get(file) ?? [];
  if (before === undefined || isIn(first, [before])) return [];
  const rest = [before, ...others].filter((each) => !isIn(each, [first]));
  return [
    {
      says: `put ${quoted(first)} first in ${file}`,
      run: () => replaceDurably(file, pemOf([first, ...rest])),
    },
  ];
};

const switchSteps = (state: RotationState): readonly RotationStep[] => {
  const { files, stage, current, nextKeyPem } = state;
  const { kind, keyFile, nextKeyFile, oldKeyFile } = files;
  if (stage === 'switched' && nextKeyPem === null) return kind === 'server' ? putFirst(current, state) : [];
  const ready = stage === 'switched' ? null : readyToSwitch(state);
  const certify = ready === null ? [] : [certifyServer(state, ready.next, ready.privateKeyPem)];
  return [
    ...(kind === 'server' ? [...certify, ...putFirst(ready?.next ?? current, state)] : []),
    {
      says: `let ${nextKeyFile} become ${keyFile}, and keep that as ${oldKeyFile}`,
      run: () => exchangeDurably(keyFile, nextKeyFile, oldKeyFile),
    },
  ];
};

const finishSteps = (state: RotationState): readonly RotationStep[] => {
  const { files, stage, retiring, trusted, nextKeyPem, oldKeyIsKept } = state;
  if (stage === 'begun' || nextKeyPem !== null) {
    throw new RequestError(
      `The next ${files.kind} CA does not sign yet: run ${commandFor(state, 'switch')} first.`,
    );
  }
  const steps: RotationStep[] = [...trusted]
    .filter(([, certificates]) => retiring.some((old) => isIn(old, certificates)))
    .map(([file, certificates]) => ({
      says: `take ${certificates
        .filter((each) => isIn(each, retiring))
        .map(quoted)
        .join(', ')} out of ${file}`,
      run: () => replaceDurably(file, pemOf(certificates.filter((each) => !isIn(each, retiring)))),
    }));
  if (!oldKeyIsKept) return steps;
  return [...steps, { says: `delete ${files.oldKeyFile}`, run: () => removeDurably(files.oldKeyFile) }];
};

const stepsOf = { begin: beginSteps, switch: switchSteps, finish: finishSteps, renew: renewSteps };

/**
 * None: the stage has been reached.
 * @throws RequestError when another stage has to come first
 */
export const planRotation = (state: RotationState, stage: RotationStage): readonly RotationStep[] =>
  stepsOf[stage](state);
