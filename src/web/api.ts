/**
 * The one way to the console's API: JSON in and out, problems (RFC 9457) as typed errors, the account that is acted
 * on in every address. The session is a cookie that this code never sees. Secrets are sent and received in bodies
 * only, never in an address, storage or the browser's console.
 */

import { type CreationKeys, createOnce } from './creation.ts';
import { type Problem, readProblem } from './problem.ts';

export interface Api {
  /** The address of a route, with the account; for what loads by itself, such as an event stream. */
  url(path: string): string;
  get<T>(path: string): Promise<T>;
  /** As `get`, for what the page asks by itself: the session does not go on for that. */
  poll<T>(path: string): Promise<T>;
  /** A call that may be made twice without harm. */
  post<T>(path: string, body?: object): Promise<T>;
  /**
   * A call that creates: an answer that is lost on the way is asked for again, and nothing is created twice.
   * @param keys of the form that asks; forms take `useCreate`
   */
  create<T>(keys: CreationKeys, path: string, body?: object): Promise<T>;
  /** `etag`: the version that the person saw; undefined: as it is now. */
  change<T>(method: 'PATCH' | 'PUT' | 'DELETE', path: string, body?: object, etag?: string): Promise<T>;
}

/** The world outside, as the browser gives it. */
export interface Network {
  readonly fetch: (path: string, request: RequestInit) => Promise<Response>;
  readonly wait: (ms: number) => Promise<void>;
}

const browser: Network = {
  fetch: (path, request) => fetch(path, request),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

const base = '/api/v1';

/**
 * @param account whom an operator acts for; null: whoever is signed in
 * @param onSignedOut called when the session has ended; the call itself fails too
 */
export function createApi(account: string | null, onSignedOut: () => void, network: Network = browser): Api {
  const url = (path: string): string => {
    if (account === null) return base + path;
    return `${base}${path}${path.includes('?') ? '&' : '?'}account=${encodeURIComponent(account)}`;
  };

  async function send(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    // Without a body there is still a type: a form of another site cannot send it.
    const writes = method === 'GET' ? {} : { 'content-type': 'application/json' };
    const response = await network.fetch(url(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { accept: 'application/json', ...writes, ...headers },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    });
    if (response.ok) return response;
    const problem: Problem = await readProblem(response);
    if (problem.status === 401 && path !== '/sign-in' && path !== '/me') onSignedOut();
    throw problem;
  }

  async function currentEtag(path: string): Promise<string | null> {
    return (await send('GET', path)).headers.get('etag');
  }

  return {
    url,
    get: async (path) => answerOf(await send('GET', path)),
    poll: async (path) => answerOf(await send('GET', path, undefined, { 'postern-background': '1' })),
    post: async (path, body) => answerOf(await send('POST', path, body)),
    create: (keys, path, body) =>
      createOnce(
        keys,
        JSON.stringify([path, body]),
        // Its text too can be cut off in the middle.
        async (key) => answerOf(await send('POST', path, body, { 'idempotency-key': key })),
        network.wait,
      ),
    change: async (method, path, body, etag) => {
      const version = etag ?? (await currentEtag(path));
      return answerOf(await send(method, path, body, version === null ? {} : { 'if-match': version }));
    },
  };
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
