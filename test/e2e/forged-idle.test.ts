/**
 * Whether a session is idle is estimated from frame headers, and a client can falsify the estimate by messages that mean
 * nothing outside a COPY. Its queries must not outlive it all the same.
 */

import { afterAll, beforeAll, describe, it } from 'vitest';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { buildMessage } from '../../src/wire/bytes.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { query, takeOver, typesOf } from './raw-session.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

/** A session that runs a long query with this mark while Postern believes that it waits for its client. */
const forge = async (mark: string, ssl: { cert: string; key: string; ca: string }) => {
  const session = takeOver(await postern.connect({ ssl }));
  session.stream.write(Buffer.concat([buildMessage('S'), buildMessage('S')]));
  await pollUntil(() => typesOf(session.received().messages).endsWith('ZZ'));
  session.stream.write(buildMessage('c'));
  session.stream.write(query(`SELECT pg_sleep(600) -- ${mark}`));
  await untilRunning(postern, mark);
  return session;
};

describe('a query behind a forged idle state', () => {
  it('ends when the certificate is revoked', async () => {
    const { certificate, key, serverCa } = await postern.createCertificate('forger');
    const session = await forge('forged-revoked', { cert: certificate, key, ca: serverCa });
    await revokeCertificate(postern.context, postern.account, 'forger', null);
    await untilNoneRuns(postern, 'forged-revoked', 3_000);
    session.stream.destroy();
  });

  it('ends when the client goes away', async () => {
    const { certificate, key, serverCa } = postern.files;
    const session = await forge('forged-gone', { cert: certificate, key, ca: serverCa });
    session.stream.end();
    await untilNoneRuns(postern, 'forged-gone', 4_000);
    session.stream.destroy();
  });
});
