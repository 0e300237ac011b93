/**
 * Errors of the API as RFC 9457 tells them. One closed table decides status and title of each code; the detail is one
 * sentence for people. What a use case refuses after the schemas have accepted it is at odds with the present state:
 * 409. Anything else that is thrown is a bug or an outage, and its text stays in the log.
 */

import { RequestError } from '../errors.ts';

export const problemKinds = {
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  'cross-site': { status: 403, title: 'The request comes from another site' },
  'operators-only': { status: 403, title: 'Only operators may do this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'The present state does not allow this' },
  'still-running': { status: 409, title: 'The first request with this Idempotency-Key is still running' },
  'precondition-failed': { status: 412, title: 'It was changed meanwhile' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  'invalid-request': { status: 422, title: 'The request is not valid' },
  'idempotency-mismatch': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'precondition-required': { status: 428, title: 'If-Match is missing' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'A database did not answer' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof problemKinds;

/** What is wrong with one part of a request: `path` as in `body.label`. */
export interface InvalidPart {
  readonly path: string;
  readonly message: string;
}

export interface ProblemOptions extends ErrorOptions {
  readonly errors?: readonly InvalidPart[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal by the console itself; `message` is the detail that the client sees. */
export class Problem extends Error {
  override readonly name = 'Problem';

  readonly code: ProblemCode;
  readonly errors: readonly InvalidPart[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    { errors = [], headers = {}, ...options }: ProblemOptions = {},
  ) {
    super(detail, options);
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }
}

export const notFound = (what: string): Problem => new Problem('not-found', `There is no ${what}.`);

const describeParts = (errors: readonly InvalidPart[]): string =>
  errors.map(({ path, message }) => `${path}: ${message}`).join(' ');

export const invalid = (errors: readonly InvalidPart[]): Problem =>
  new Problem('invalid-request', describeParts(errors), { errors });

/** Errors of sockets (`ECONNREFUSED`), and the SQLSTATE classes of a server that is away or has no room. */
const isOutage = (cause: unknown): boolean => {
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^(?:E(?!RR_)[A-Z_]+|(?:08|53|57)\w{3})$/.test(code);
};

/** Which host it was and what it said is for the log. */
const unavailable = (cause: unknown): Problem =>
  new Problem('unavailable', 'A database that this needs does not answer: try again in a moment.', { cause });

const fromRequestError = (error: RequestError): Problem =>
  isOutage(error.cause) ? unavailable(error) : new Problem('conflict', error.message, { cause: error });

/** The codes of Fastify's own refusals that are somebody's mistake. */
const frameworkCodes: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  404: ['not-found', 'There is nothing at this address.'],
  413: ['body-too-large', 'The body is larger than this route takes.'],
  415: ['unsupported-media-type', 'Send the body with Content-Type: application/json.'],
};

/** Whatever was thrown, as a problem. Validation errors are turned into `invalid` where they are known. */
export const problemFrom = (thrown: unknown): Problem => {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof RequestError) return fromRequestError(thrown);
  if (isOutage(thrown)) return unavailable(thrown);
  const status = (thrown as { statusCode?: unknown } | undefined)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const [code, detail] = frameworkCodes[status] ?? [
      'malformed-request',
      'The request is not well-formed HTTP with a JSON body.',
    ];
    return new Problem(code, detail, { cause: thrown });
  }
  return new Problem('internal', 'The request failed; the log tells why, by the request id.', {
    cause: thrown,
  });
};

/** The body of the answer. */
export const problemBody = ({ code, message, errors }: Problem, requestId: string) => ({
  type: `/problems/${code}`,
  ...problemKinds[code],
  detail: message,
  code,
  ...(errors.length > 0 && { errors: [...errors] }),
  requestId,
});
