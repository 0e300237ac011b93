/**
 * What went wrong with a call, for people: the API's problem details (RFC 9457), or one sentence of our own when the
 * console did not answer.
 */

export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

export class Problem extends Error {
  override readonly name = 'Problem';

  readonly status: number;
  readonly code: string;
  readonly fields: readonly FieldProblem[];
  /** null: nothing is said about when to ask again. */
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    code: string,
    message: string,
    fields: readonly FieldProblem[] = [],
    retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The problem that a refused call tells; also when something on the way answered in the console's place. */
export async function readProblem(response: Response): Promise<Problem> {
  const { status } = response;
  const body = (await response.json().catch(() => ({}))) as {
    readonly code?: string;
    readonly title?: string;
    readonly detail?: string;
    readonly errors?: readonly FieldProblem[];
  };
  const fields = body.errors ?? [];
  // The detail of these names the parts of the request, which mean nothing to people.
  const ofFields = fields.map(({ message }) => message).join(' ');
  const said = ofFields || (body.detail ?? body.title ?? `The console answered with status ${status}.`);
  const code = body.code ?? 'unknown';
  if (status === 412) {
    return new Problem(status, code, 'Somebody else changed this meanwhile: look at it again, then repeat.');
  }
  const seconds = Number(response.headers.get('retry-after'));
  const wait = status === 429 && seconds > 0 ? ` Try again in ${seconds} seconds.` : '';
  return new Problem(status, code, said + wait, fields, seconds > 0 ? seconds : null);
}

/** Whatever was thrown, in words. */
export function wordsOf(thrown: unknown): string {
  if (thrown instanceof TypeError) return 'The console cannot be reached. Check the network, then try again.';
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether this problem is about the field; the API names it `body.name`. */
export const isAbout = (thrown: unknown, name: string): boolean =>
  thrown instanceof Problem && thrown.fields.some(({ path }) => path.split('.')[1] === name);
