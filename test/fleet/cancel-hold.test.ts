import type { Socket } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { gateUnderTest } from '../gate/gate-fixture.ts';
import { backendWith, greeting, startStubBackend } from '../gate/stub-backend.ts';
import { pollUntil } from '../support/poll.ts';
import { logIn } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { cancelThrough, untilLogged } from './fleet.ts';

const cancelRequestCode = 80877102;

const backend = await startStubBackend({ allowHalfOpen: true });
afterAll(() => backend.stop());
const gate = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: backend.port }) });

it('a cancel request at another instance is held until the backend has dealt with it', async () => {
  const cancels: Socket[] = [];
  backend.behave((socket, first) => {
    if (first.readInt32BE(4) === cancelRequestCode) cancels.push(socket);
    else socket.on('end', () => socket.end()).write(greeting);
  });
  const other = await gate.postern.startInstance();
  const client = await gate.greeted();
  const key = (await logIn(client, gate.postern.readerKey)).find(({ type }) => type === 'K')?.body;
  client.send(message('Q', Buffer.from('SELECT 1\0')));
  let ended = false;
  const cancelled = cancelThrough(other, {
    processId: key?.readInt32BE() ?? 0,
    secret: key?.subarray(4) ?? Buffer.alloc(4),
  }).finally(() => {
    ended = true;
  });
  await pollUntil(() => cancels.length > 0);
  // A second client is let in meanwhile: the time that takes is time in which nothing ended.
  await logIn(await gate.greeted(), gate.postern.readerKey);
  expect(ended).toBe(false);
  cancels[0]?.end();
  await cancelled;
  await untilLogged(other, { cancel: 'elsewhere' });
});
