import { expect, it } from 'vitest';
import { type Client, createClient } from './client.ts';
import { withConsole } from './console-fixture.ts';
import { examplesFor } from './route-examples.ts';
import { createThings } from './things.ts';

const values = [
  null,
  0,
  -1,
  1e300,
  true,
  '',
  ' ',
  '\0',
  '\ud800',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  "'; DROP TABLE postern.accounts; --",
  'x'.repeat(10_000),
  [],
  [null],
  ['\0'],
  {},
  { constructor: { prototype: {} } },
];

interface Body {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly anyOf?: readonly Body[];
}

const namesIn = ({ properties = {}, anyOf = [] }: Body): string[] => [
  ...Object.keys(properties),
  ...anyOf.flatMap(namesIn),
];

/** As good as the example, but for one value. */
const variants = (example: unknown, names: readonly string[]): unknown[] => [
  ...values,
  ...names.flatMap((name) => values.map((value) => ({ ...(example as object | undefined), [name]: value }))),
];

const sendAll = async (
  client: Client,
  method: string,
  path: string,
  bodies: readonly unknown[],
  headers = {},
) => {
  const answers = await Promise.all(bodies.map((body) => client.send(method, path, body ?? 'null', headers)));
  return answers.map(({ status, text }, index) => ({ status, text, body: bodies[index] }));
};

it('no body, however odd, is more than refused', () =>
  withConsole(async (console) => {
    const things = await createThings(console);
    const { body: document } = await console.nobody.get('/api/openapi.json');
    const examples = examplesFor(things, console.account, console.masterKey);
    for (const [route, { path, body, headers }] of Object.entries(examples)) {
      const [method = '', pattern = ''] = route.split(' ');
      const operation = document.paths[`/api/v1${pattern}`][method.toLowerCase()];
      const schema: Body | undefined = operation.requestBody?.content['application/json']?.schema;
      // A revocation would take away what the other examples need.
      if (schema === undefined || /revoke$/.test(path)) continue;
      const client = path.startsWith('/accounts') ? console.operator : console.owner;
      for (const answer of await sendAll(client, method, path, variants(body, namesIn(schema)), headers)) {
        expect
          .soft([route, answer.body, answer.status < 500 ? 'refused or done' : answer.text])
          .toEqual([route, answer.body, 'refused or done']);
      }
    }
    expect(console.logged.filter(({ level }) => level === 'error')).toEqual([]);
  }));

it('a body that is nested as deeply as its size permits is refused', () =>
  withConsole(async ({ owner }) => {
    const depth = 60_000;
    const { status } = await owner.post('/address-rules', `${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(status).toBe(422);
  }));

it('no path or query, however odd, is more than refused', () =>
  withConsole(async ({ origin, masterKey, logged }) => {
    const client = createClient(origin, { authorization: `Bearer ${masterKey}` });
    const odd = [
      '%00',
      '%ff',
      '..%2f..%2fetc',
      '%27--',
      'x'.repeat(2_000),
      '%F0%9F%92%A5',
      '00000000-0000-4000-8000-000000000000',
    ];
    for (const path of ['/address-rules/', '/certificates/', '/api-keys/', '/sessions/', '/accounts/', '/']) {
      for (const text of odd) {
        const { status } = await client.get(`${path}${text}`);
        expect([path, text, status < 500]).toEqual([path, text, true]);
      }
    }
    for (const name of ['account', 'cursor', 'limit', 'outcome', 'address', 'reason', '__proto__']) {
      for (const text of odd) {
        const { status } = await client.get(`/attempts?${name}=${text}`);
        expect([name, text, status < 500]).toEqual([name, text, true]);
      }
    }
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  }));
