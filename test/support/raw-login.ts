/** The login of a raw client: SCRAM as libpq does it, with every step open to be spoiled by a test. */

import { randomBytes } from 'node:crypto';
import {
  buildPassword,
  buildSaslInitialResponse,
  buildSaslResponse,
} from '../../src/wire/frontend-messages.ts';
import { continueScramClient, startScramClient } from '../../src/wire/scram-client.ts';
import { saltPassword } from '../../src/wire/scram-keys.ts';
import { serverEndPoint } from '../../src/wire/server-end-point.ts';
import type { RawClient } from './raw-client.ts';
import { message, type RawMessage } from './raw-messages.ts';

export interface ScramOptions {
  /** `plus` binds to the server certificate, `plain` says that the client cannot, `Buffer` binds to something else. */
  readonly binding?: 'plus' | 'plain' | Buffer;
}

const saslText = (found: RawMessage): string => found.body.toString('latin1', 4);

const bindingData = (client: RawClient, binding: ScramOptions['binding']): Buffer | null => {
  if (Buffer.isBuffer(binding)) return binding;
  if (binding === 'plain') return null;
  const certificate = client.tls.getPeerX509Certificate();
  return certificate ? serverEndPoint(certificate.raw) : null;
};

/** From AuthenticationSASL to the client's proof; what the server thinks of it is still unread. */
export const proveByScram = async (
  client: RawClient,
  key: string,
  { binding }: ScramOptions = {},
): Promise<void> => {
  const offer = await client.readMessage();
  if (offer.type !== 'R' || offer.body.readInt32BE() !== 10) throw new Error(`${offer.type} instead of SASL`);
  const mechanisms = saslText(offer).split('\0').filter(Boolean);
  const channelBinding = bindingData(client, binding);
  const start = startScramClient({
    mechanisms,
    clientNonce: randomBytes(18).toString('base64'),
    channelBinding,
  });
  client.send(buildSaslInitialResponse(start.mechanism, start.clientFirst));
  const first = await client.readMessage();
  const proof = continueScramClient(start.state, saslText(first), (salt, rounds) =>
    saltPassword(key, salt, rounds),
  );
  client.send(buildSaslResponse(proof.clientFinal));
};

/** From AuthenticationSASL to ReadyForQuery: the messages from the server's confirmation on. */
export const logIn = async (
  client: RawClient,
  key: string,
  options?: ScramOptions,
): Promise<RawMessage[]> => {
  await proveByScram(client, key, options);
  return client.readThrough('Z');
};

/** From the request for a cleartext password to ReadyForQuery. */
export const logInByPassword = async (client: RawClient, key: string): Promise<RawMessage[]> => {
  const request = await client.readMessage();
  if (request.type !== 'R' || request.body.readInt32BE() !== 3) throw new Error('no password asked for');
  client.send(buildPassword(key));
  return client.readThrough('Z');
};

/** Runs a statement; its rows, each column as text. */
export const query = async (client: RawClient, sql: string): Promise<string[][]> => {
  client.send(message('Q', Buffer.from(`${sql}\0`)));
  const answers = await client.readThrough('Z');
  const failed = answers.find(({ type }) => type === 'E');
  if (failed) throw new Error(String(failed.body));
  return answers.filter(({ type }) => type === 'D').map(({ body }) => columnsOf(body));
};

const columnsOf = (row: Buffer): string[] => {
  const columns: string[] = [];
  for (let offset = 2; offset < row.length; ) {
    const bytes = Math.max(row.readInt32BE(offset), 0);
    columns.push(row.toString('utf8', offset + 4, offset + 4 + bytes));
    offset += 4 + bytes;
  }
  return columns;
};
