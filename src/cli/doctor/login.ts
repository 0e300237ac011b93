/** The login on an encrypted line: startup packet, API key, ReadyForQuery. The server's own words are shown as they are. */

import type { TLSSocket } from 'node:tls';
import { messageOf, Refusal } from '../../errors.ts';
import { authenticate } from '../../gate/open/authenticate.ts';
import { type Message, readMessage } from '../../gate/reading.ts';
import { buildStartup, buildTerminate } from '../../wire/frontend-messages.ts';
import { parseAuthentication, parseErrorFields } from '../../wire/messages.ts';
import { saltPassword } from '../../wire/scram-keys.ts';
import { serverEndPoint } from '../../wire/server-end-point.ts';
import { type Finding, ok, Stuck } from './finding.ts';
import type { ClientTarget } from './target.ts';

/** Longer than a gate gives a login by default. */
const patienceMs = 65_000;
const maxMessageBytes = 1 << 20;

const code = (letter: string): number => letter.charCodeAt(0);
const authentication = code('R');
const errorResponse = code('E');
const readyForQuery = code('Z');

class ServerError extends Error {
  override readonly name = 'ServerError';

  readonly sqlstate: string;
  readonly seen: string;
  readonly hint: string | null;

  constructor(body: Buffer) {
    const { severity, sqlstate, message, detail, hint } = parseErrorFields(body);
    super(message);
    this.sqlstate = sqlstate;
    this.seen = `${severity}: ${message} (SQLSTATE ${sqlstate})${detail && ` DETAIL: ${detail}`}`;
    this.hint = hint ? `HINT: ${hint}` : null;
  }
}

const stuckAt = (check: string, error: unknown): Stuck => {
  if (error instanceof Stuck) return error;
  if (error instanceof ServerError) return new Stuck(check, error.seen, error.hint);
  if (error instanceof Refusal && error.code === 'client-gone') {
    return new Stuck(check, 'The server closed the connection.', 'Ask whoever runs Postern for its log.');
  }
  const reason = error instanceof Refusal ? (error.facts.reason ?? error.message) : messageOf(error);
  return new Stuck(check, `The login ended: ${reason}.`, 'Ask whoever runs Postern for its log.');
};

/** @param note hears each finding as soon as there is one */
export const logIn = async (
  stream: TLSSocket,
  { user, database }: ClientTarget,
  apiKey: string | undefined,
  note: (finding: Finding) => void,
): Promise<void> => {
  const signal = AbortSignal.timeout(patienceMs);
  const receive = async (): Promise<Message> => {
    const message = await readMessage(stream, maxMessageBytes, signal, 'backend');
    if (message.type === errorResponse) throw new ServerError(message.body);
    return message;
  };
  const receiveAuthentication = async (): Promise<Buffer> => {
    for (;;) {
      const { type, body } = await receive();
      if (type === authentication) return body;
    }
  };
  let step = 'startup';
  let byPassword = false;
  try {
    const parameters = { user, database, application_name: 'postern doctor' };
    stream.write(
      buildStartup(
        0,
        Object.entries(parameters).map(([name, value]) => ({ name, value: Buffer.from(value) })),
      ),
    );
    let first: Buffer | null = await receiveAuthentication();
    const { kind } = parseAuthentication(first);
    byPassword = kind === 'cleartext';
    note(ok(step, `The server lets "${user}" come to "${database}" and asks for the API key (${kind}).`));
    step = 'API key';
    if (apiKey === undefined) throw new Stuck(step, 'There is none.', 'Put it into PGPASSWORD.');
    const certificate = stream.getPeerX509Certificate();
    const line = { socket: stream, serverEndPoint: certificate ? serverEndPoint(certificate.raw) : null };
    const next = async (): Promise<Buffer> => {
      const body = first ?? (await receiveAuthentication());
      first = null;
      if (parseAuthentication(body).kind !== 'sasl-final') return body;
      note(ok(step, 'The server accepts it.'));
      step = 'ready';
      return body;
    };
    const login = { roleName: user, password: apiKey };
    await authenticate(
      line,
      { ...login, saltedPasswordOf: (salt, iterations) => saltPassword(apiKey, salt, iterations) },
      next,
    );
    if (step === 'API key') note(ok(step, 'The server accepts it.'));
    step = 'ready';
    while ((await receive()).type !== readyForQuery);
    note(ok(step, 'The server waits for queries.'));
    await new Promise<void>((sent) => stream.end(buildTerminate(), () => sent()));
  } catch (error) {
    // A key sent as password has no answer of its own: whatever is not about the key comes from behind it.
    const behind = byPassword && error instanceof ServerError && !error.sqlstate.startsWith('28');
    throw stuckAt(behind ? 'ready' : step, error);
  }
};
