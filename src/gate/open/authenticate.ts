/** Proves the scoped role's password to the backend by whatever it asks for: SCRAM (with channel binding), md5, cleartext. */

import { randomBytes } from 'node:crypto';
import { Refusal } from '../../errors.ts';
import { buildPassword, buildSaslInitialResponse, buildSaslResponse } from '../../wire/frontend-messages.ts';
import { buildMd5Password } from '../../wire/md5-password.ts';
import { type Authentication, parseAuthentication } from '../../wire/messages.ts';
import { continueScramClient, finishScramClient, startScramClient } from '../../wire/scram-client.ts';
import type { BackendLine } from '../backend/dial.ts';

type PlaceToProve = Pick<BackendLine, 'socket' | 'serverEndPoint'>;

export interface RoleLogin {
  readonly roleName: string;
  readonly password: string;
  readonly saltedPasswordOf: (salt: Buffer, iterations: number) => Buffer;
}

/** The next authentication request; ErrorResponses and the like are the reader's to deal with. */
export type NextAuthentication = () => Promise<Buffer>;

const misbehaved = (reason: string): Refusal => new Refusal('backend-misbehaved', { reason });

const expect = <Kind extends Authentication['kind']>(
  body: Buffer,
  kind: Kind,
): Extract<Authentication, { kind: Kind }> => {
  const request = parseAuthentication(body);
  if (request.kind !== kind) throw misbehaved(`it asked for ${request.kind} in the middle of SASL`);
  return request as Extract<Authentication, { kind: Kind }>;
};

const proveByScram = async (
  { socket, serverEndPoint }: PlaceToProve,
  mechanisms: readonly string[],
  { saltedPasswordOf }: RoleLogin,
  next: NextAuthentication,
): Promise<void> => {
  const clientNonce = randomBytes(18).toString('base64');
  const start = startScramClient({ mechanisms, clientNonce, channelBinding: serverEndPoint });
  socket.write(buildSaslInitialResponse(start.mechanism, start.clientFirst));
  const serverFirst = expect(await next(), 'sasl-continue').data;
  const { clientFinal, serverSignature } = continueScramClient(start.state, serverFirst, saltedPasswordOf);
  socket.write(buildSaslResponse(clientFinal));
  finishScramClient(serverSignature, expect(await next(), 'sasl-final').data);
};

/** Resolves when the backend has said AuthenticationOk. */
export const authenticate = async (
  line: PlaceToProve,
  login: RoleLogin,
  next: NextAuthentication,
): Promise<void> => {
  const request = parseAuthentication(await next());
  switch (request.kind) {
    case 'ok':
      return;
    case 'cleartext':
      // The password protects the role only while it stays secret: never in clear over an open network.
      if (line.serverEndPoint === null && !isLoopback(line))
        throw misbehaved('it asked for the password in clear');
      line.socket.write(buildPassword(login.password));
      break;
    case 'md5':
      line.socket.write(buildPassword(buildMd5Password(login.roleName, login.password, request.salt)));
      break;
    case 'sasl':
      await proveByScram(line, request.mechanisms, login, next);
      break;
    default:
      throw misbehaved(`it asked for an authentication that Postern does not know (${request.kind})`);
  }
  expect(await next(), 'ok');
};

const isLoopback = ({ socket }: PlaceToProve): boolean =>
  /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
