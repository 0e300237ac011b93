/**
 * The closed list of everything that can end a connection, and the one table that decides what the client is
 * told, under which SQLSTATE, how loudly it is logged and which stage it belongs to.
 *
 * Client text never comes from an exception's message: it comes from here. `docs/errors.md` is compared with
 * this table by a test. SQLSTATEs: PostgreSQL manual, appendix A.
 */

export type Stage = 'accept' | 'encrypt' | 'greet' | 'identify' | 'open' | 'relay';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a message may mention. Never holds a secret; strings from the client are quoted before they get here. */
export interface FailureFacts {
  readonly account?: string;
  readonly address?: string;
  readonly database?: string;
  readonly user?: string;
  readonly date?: string;
  readonly limit?: number;
  readonly seconds?: number;
  readonly reason?: string;
}

interface Failure {
  /** null: the peer is not told, either because nothing legal can be said or because it never spoke PostgreSQL. */
  readonly sqlstate: string | null;
  readonly stage: Stage;
  readonly level: LogLevel;
  readonly message: (facts: FailureFacts) => string;
  /** The message when nobody knows any more what it mentions; only where it mentions more than a record keeps. */
  readonly title?: string;
  readonly hint?: string;
}

const askForCertificate =
  'Create a certificate under Settings › Connections and point sslcert and sslkey at its files.';
const askForAddress = 'Ask the owner of the account to add this address under Settings › Connections.';
const inSeconds = (seconds = 0): string => (seconds === 1 ? '1 second' : `${seconds} seconds`);

const tryLater = 'Try again in a moment; if it lasts, tell the operator.';

export const failures = {
  'no-bytes': {
    sqlstate: null,
    stage: 'accept',
    level: 'debug',
    message: () => 'The peer closed without sending anything.',
  },
  'proxy-header-invalid': {
    sqlstate: null,
    stage: 'accept',
    level: 'warn',
    title: 'A trusted load balancer sent no valid PROXY header.',
    message: ({ reason }) => `A trusted load balancer sent no valid PROXY header: ${reason}.`,
  },
  'too-many-half-open': {
    sqlstate: '53300',
    stage: 'accept',
    level: 'warn',
    title: 'Too many connections were still logging in.',
    message: ({ limit }) => `Too many connections are still logging in (limit ${limit}).`,
    hint: tryLater,
  },
  'address-half-open': {
    sqlstate: '53300',
    stage: 'accept',
    level: 'info',
    title: 'Too many connections from this address were still logging in.',
    message: ({ limit }) => `Too many connections from this address are still logging in (limit ${limit}).`,
    hint: 'Let the other connections finish logging in, then try again.',
  },
  'login-deadline': {
    sqlstate: '08006',
    stage: 'accept',
    level: 'info',
    title: 'The connection was not logged in in time.',
    message: ({ seconds }) => `The connection was not logged in within ${inSeconds(seconds)}.`,
    hint: 'Check the network; a client that asks for a password on screen must answer within that time.',
  },
  'client-gone': {
    sqlstate: null,
    stage: 'accept',
    level: 'info',
    message: () => 'The client closed the connection before it was logged in.',
  },
  'tls-required': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    message: () => 'Postern accepts encrypted connections only.',
    hint: 'Set sslmode=verify-full (or require) in the client.',
  },
  'data-before-tls': {
    sqlstate: '08P01',
    stage: 'encrypt',
    level: 'warn',
    message: () => 'The client sent data after its request for encryption and before the answer to it.',
    hint: 'This is either a faulty client or somebody tampering with the network.',
  },
  'too-many-negotiations': {
    sqlstate: '0A000',
    stage: 'encrypt',
    level: 'info',
    message: () => 'The client asked for encryption more often than the protocol allows.',
  },
  'alpn-required': {
    sqlstate: '08P01',
    stage: 'encrypt',
    level: 'info',
    message: () => 'A direct TLS connection must offer the protocol "postgresql" by ALPN.',
    hint: 'Use sslnegotiation=postgres, or a client that offers ALPN.',
  },
  'tls-failed': {
    sqlstate: null,
    stage: 'encrypt',
    level: 'info',
    title: 'The TLS handshake failed.',
    message: ({ reason }) => `The TLS handshake failed: ${reason}.`,
  },
  'certificate-missing': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    message: () => 'The client sent no certificate.',
    hint: askForCertificate,
  },
  'certificate-foreign': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    message: () => 'The client certificate was not issued by this Postern.',
    hint: askForCertificate,
  },
  'certificate-unsuitable': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    message: () => 'The certificate is not meant for TLS clients.',
    hint: askForCertificate,
  },
  'certificate-not-yet-valid': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    title: 'The client certificate was not valid yet.',
    message: ({ date }) => `The client certificate is not valid before ${date}.`,
    hint: 'Check the clock of this computer and of the server.',
  },
  'certificate-expired': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    title: 'The client certificate had expired.',
    message: ({ date }) => `The client certificate expired on ${date}.`,
    hint: 'Create a new certificate under Settings › Connections.',
  },
  'certificate-revoked': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    title: 'The client certificate was revoked.',
    message: ({ date }) => `The client certificate was revoked on ${date}.`,
    hint: 'Create a new certificate under Settings › Connections.',
  },
  'session-resumed': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'warn',
    message: () => 'The TLS session was resumed, so the client proved no certificate.',
    hint: 'Turn TLS session resumption off in the client.',
  },
  'account-disabled': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    message: ({ account }) => `The account "${account}" is disabled.`,
    hint: 'Ask the operator to enable it.',
  },
  'address-refused': {
    sqlstate: '28000',
    stage: 'encrypt',
    level: 'info',
    message: ({ account, address }) =>
      `The address ${address} is not in the allowlist of the account "${account}".`,
    hint: askForAddress,
  },
  'packet-invalid': {
    sqlstate: '08P01',
    stage: 'greet',
    level: 'info',
    title: 'The startup packet was malformed.',
    message: ({ reason }) => `The startup packet is malformed: ${reason}.`,
  },
  'not-postgresql': {
    sqlstate: null,
    stage: 'greet',
    level: 'info',
    title: 'The peer did not speak PostgreSQL.',
    message: ({ reason }) => `The peer does not speak PostgreSQL: ${reason}.`,
  },
  'protocol-unsupported': {
    sqlstate: '0A000',
    stage: 'greet',
    level: 'info',
    title: 'The client asked for an unsupported protocol version.',
    message: ({ reason }) => `Unsupported protocol version ${reason}: Postern speaks 3.0 and 3.2.`,
  },
  'replication-refused': {
    sqlstate: '0A000',
    stage: 'greet',
    level: 'info',
    message: () => 'Replication connections are not possible through Postern.',
    hint: 'Connect without the parameter "replication".',
  },
  'user-missing': {
    sqlstate: '28000',
    stage: 'greet',
    level: 'info',
    message: () => 'No PostgreSQL user name was given.',
    hint: 'Use the name of your account as user.',
  },
  'user-mismatch': {
    sqlstate: '28000',
    stage: 'greet',
    level: 'info',
    title: 'The certificate belongs to another account than the user name that was given.',
    message: ({ user, account }) =>
      `The certificate belongs to the account "${account}" and not to the user "${user}".`,
    hint: 'Use the name of the account, which is the CN of the certificate, as user.',
  },
  'database-unknown': {
    sqlstate: '3D000',
    stage: 'greet',
    level: 'info',
    message: ({ database }) =>
      `The database "${database}" does not exist or does not belong to this account.`,
    hint: 'Use the name of the account or of its database, or leave the database empty.',
  },
  'cancel-order': {
    sqlstate: null,
    stage: 'greet',
    level: 'debug',
    title: 'The connection carried a cancel request.',
    message: ({ reason }) => `The connection carried a cancel request: ${reason}.`,
  },
  'starting-up': {
    sqlstate: '57P03',
    stage: 'greet',
    level: 'warn',
    message: () => 'Postern is starting and does not know its accounts yet.',
    hint: tryLater,
  },
  'policy-stale': {
    sqlstate: '57P03',
    stage: 'greet',
    level: 'error',
    title: 'Postern had not reached its store for too long and admitted nobody new.',
    message: ({ seconds }) =>
      `Postern has not reached its store for ${inSeconds(seconds)} and admits nobody new.`,
    hint: tryLater,
  },
  'shutting-down': {
    sqlstate: '57P03',
    stage: 'greet',
    level: 'info',
    message: () => 'Postern is shutting down.',
    hint: 'Connect again; another instance will answer.',
  },
  'message-invalid': {
    sqlstate: '08P01',
    stage: 'identify',
    level: 'info',
    title: 'The answer to the request for the API key was malformed.',
    message: ({ reason }) => `The answer to the request for the API key is malformed: ${reason}.`,
  },
  'channel-binding-failed': {
    sqlstate: '28000',
    stage: 'identify',
    level: 'warn',
    message: () =>
      'The channel binding check failed: the client sees another server certificate than Postern shows.',
    hint: 'Something between the client and Postern opens the TLS connection.',
  },
  'key-wrong': {
    sqlstate: '28P01',
    stage: 'identify',
    level: 'info',
    message: ({ user }) => `API key authentication failed for user "${user}".`,
    hint: 'The password is an API key of this account (pst_…); check that it is complete, not expired and not revoked.',
  },
  throttled: {
    sqlstate: '53300',
    stage: 'identify',
    level: 'info',
    title: 'Too many wrong API keys came from this address.',
    message: ({ seconds }) =>
      `API key authentication failed, as too often before from this address: wait ${inSeconds(seconds)}.`,
    hint: 'A right API key is let in at once. Correct it in the client; a program may still be trying an old one.',
  },
  'account-sessions': {
    sqlstate: '53300',
    stage: 'identify',
    level: 'info',
    title: 'The account had reached its limit of sessions.',
    message: ({ limit }) => `The account has reached its limit of ${limit} sessions.`,
    hint: 'Close a connection, or ask the operator for a higher limit. QGIS opens four and more connections at once.',
  },
  'address-sessions': {
    sqlstate: '53300',
    stage: 'identify',
    level: 'info',
    title: 'This address had reached its limit of sessions.',
    message: ({ limit }) => `This address has reached its limit of ${limit} sessions.`,
    hint: 'Close a connection, or ask the operator for a higher limit.',
  },
  'instance-sessions': {
    sqlstate: '53300',
    stage: 'identify',
    level: 'warn',
    title: 'This Postern had reached its limit of sessions.',
    message: ({ limit }) => `This Postern has reached its limit of ${limit} sessions.`,
    hint: tryLater,
  },
  'backend-unreachable': {
    sqlstate: '08006',
    stage: 'open',
    level: 'error',
    message: () => 'The database server behind Postern cannot be reached.',
    hint: tryLater,
  },
  'backend-no-primary': {
    sqlstate: '57P03',
    stage: 'open',
    level: 'error',
    message: () => 'None of the database servers behind Postern is the primary at the moment.',
    hint: tryLater,
  },
  'backend-no-standby': {
    sqlstate: '57P03',
    stage: 'open',
    level: 'error',
    message: () => 'None of the database servers behind Postern is a standby at the moment.',
    hint: tryLater,
  },
  'backend-rejected-role': {
    sqlstate: '08006',
    stage: 'open',
    level: 'error',
    message: () => "The database server behind Postern did not accept this API key's role.",
    hint: 'Tell the operator: `postern reconcile` repairs roles.',
  },
  'backend-misbehaved': {
    sqlstate: '08006',
    stage: 'open',
    level: 'error',
    message: () => 'The database server behind Postern gave an answer that Postern does not understand.',
    hint: 'Tell the operator; the log has the details.',
  },
  'backend-refused': {
    // The backend's own ErrorResponse has been passed on byte for byte; this row only feeds log and metrics.
    sqlstate: null,
    stage: 'open',
    level: 'info',
    title: 'The database server refused the session.',
    message: ({ reason }) => `The database server refused the session: ${reason}.`,
  },
  internal: {
    sqlstate: 'XX000',
    stage: 'accept',
    level: 'error',
    message: () => 'Postern failed internally.',
    hint: 'Tell the operator the connection id.',
  },
  'ended-certificate-revoked': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because its certificate was revoked.',
    hint: 'Create a new certificate under Settings › Connections.',
  },
  'ended-certificate-expired': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because its certificate expired.',
    hint: 'Create a new certificate under Settings › Connections.',
  },
  'ended-address-removed': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: ({ address }) =>
      `The session was ended because the address ${address} is no longer in the account's allowlist.`,
    hint: askForAddress,
  },
  'ended-key-revoked': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because its API key was revoked.',
    hint: 'Use another API key.',
  },
  'ended-key-rotated': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because its API key was rotated.',
    hint: 'Connect again with the new secret.',
  },
  'ended-key-expired': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because its API key expired.',
    hint: 'Create a new API key under Settings › Connections.',
  },
  'ended-account-disabled': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because the account was disabled.',
    hint: 'Ask the operator to enable it.',
  },
  'ended-by-operator': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended by the owner of the account or by an operator.',
  },
  'ended-shutdown': {
    sqlstate: '57P01',
    stage: 'relay',
    level: 'info',
    message: () => 'The session was ended because Postern shuts down.',
    hint: 'Connect again.',
  },
  'ended-idle': {
    sqlstate: '57P05',
    stage: 'relay',
    level: 'info',
    title: 'The session was ended because it was idle for too long.',
    message: ({ seconds }) => `The session was ended because it was idle for ${inSeconds(seconds)}.`,
    hint: 'Connect again; most tools do so by themselves.',
  },
  'backend-lost': {
    sqlstate: '08006',
    stage: 'relay',
    level: 'warn',
    message: () => 'The database server behind Postern closed the connection.',
    hint: tryLater,
  },
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof failures;

export const failureOf = (code: FailureCode): Failure => failures[code];

/** What a record of the failure keeps. */
export type RecordedFacts = Required<Pick<FailureFacts, 'account' | 'address' | 'database' | 'user'>>;

/** One sentence for whoever reads of it afterwards. */
export const titleOf = (code: FailureCode, facts: RecordedFacts): string => {
  const { title, message } = failureOf(code);
  return title ?? message(facts);
};
