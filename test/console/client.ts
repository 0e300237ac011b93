/**
 * A client of the console's API: fetch with JSON, paths below `/api/v1`. Sends exactly the headers that it is given.
 */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The text of the body. */
  readonly text: string;
  /** The body as JSON; null when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers, which the schemas describe
  readonly body: any;
}

export interface Client {
  readonly headers: Readonly<Record<string, string>>;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Only the beginning of an answer that does not end; its body if it is short. */
  begin(path: string): Promise<Answer>;
  delete(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** The same client with more headers. */
  with(headers: Record<string, string>): Client;
}

const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : null,
  };
};

/** @param path below `/api/v1`, or absolute with `/api/…` */
export const createClient = (origin: string, fixed: Readonly<Record<string, string>>): Client => {
  const send: Client['send'] = async (method, path, body, headers = {}) =>
    answerOf(
      await fetch(`${origin}${path.startsWith('/api/') ? '' : '/api/v1'}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...fixed,
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  return {
    headers: fixed,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body, headers) => send('PUT', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, headers),
    begin: async (path) => {
      const response = await fetch(`${origin}/api/v1${path}`, { headers: fixed });
      if (!response.ok) return answerOf(response);
      const { status, headers } = response;
      await response.body?.cancel();
      return { status, headers, text: '', body: null };
    },
    delete: (path, headers) => send('DELETE', path, undefined, headers),
    with: (more) => createClient(origin, { ...fixed, ...more }),
  };
};
