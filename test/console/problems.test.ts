import { expect, it } from 'vitest';
import { problemFrom } from '../../src/console/problem.ts';
import { RequestError } from '../../src/errors.ts';
import { withConsole } from './console-fixture.ts';

it('every refusal is a problem document that names itself and the request', () =>
  withConsole(async ({ owner, nobody, logged }) => {
    const json = { 'content-type': 'application/json' };
    const cases: [Promise<Awaited<ReturnType<typeof owner.get>>>, number, string][] = [
      [nobody.get('/me'), 401, 'unauthenticated'],
      [owner.get('/accounts'), 403, 'operators-only'],
      [owner.get('/nothing-here'), 404, 'not-found'],
      [owner.get('/api/nothing-here'), 404, 'not-found'],
      [owner.put('/address-rules', {}), 404, 'not-found'],
      [owner.get('/address-rules/00000000-0000-4000-8000-000000000000'), 404, 'not-found'],
      [owner.get('/address-rules/1'), 422, 'invalid-request'],
      [owner.post('/address-rules', '{"cidr":', json), 400, 'malformed-request'],
      [owner.post('/address-rules', '{"__proto__":{"x":1}}', json), 400, 'malformed-request'],
      [owner.post('/address-rules', `"${'x'.repeat(200_000)}"`, json), 413, 'body-too-large'],
      [
        owner.post('/address-rules', 'cidr=192.0.2.1', {
          'content-type': 'application/x-www-form-urlencoded',
        }),
        415,
        'unsupported-media-type',
      ],
      [owner.post('/address-rules', { cidr: 'x' }), 422, 'invalid-request'],
    ];
    for (const [asked, status, code] of cases) {
      const answer = await asked;
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        expect.stringMatching(/^application\/problem\+json/),
      ]);
      expect(answer.body).toEqual({
        type: `/problems/${code}`,
        title: expect.any(String),
        status,
        detail: expect.stringMatching(/\.$/),
        code,
        requestId: answer.headers.get('x-request-id'),
        ...(code === 'invalid-request' && { errors: expect.any(Array) }),
      });
      const line = logged.find(({ fields }) => fields['request'] === answer.body.requestId);
      expect(line?.fields).toMatchObject({ status });
    }
  }));

const refused = { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.1.2.3:5432' };
const isAway = () => Promise.reject(Object.assign(new Error(refused.message), refused));

it('a store that is away is told as such, without its place, which is in the log', () =>
  withConsole(
    async ({ owner, logged }) => {
      const { status, body, text } = await owner.get('/me');
      expect([status, body.code]).toEqual([503, 'unavailable']);
      expect(text).not.toContain('10.1.2.3');
      const line = logged.find(({ level }) => level === 'error');
      expect(line?.fields).toMatchObject({ request: body.requestId, error: { message: refused.message } });
    },
    ({ context, sealer }) => ({
      control: { ...context, sealer, store: { ...context.store, query: isAway } },
    }),
  ));

it('a backend that is away is told as such, and nothing is made', () =>
  withConsole(
    async ({ owner }) => {
      const answer = await owner.post('/api-keys', { name: 'k' });
      expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
      expect(answer.text).not.toContain('10.1.2.3');
      expect((await owner.get('/api-keys')).body.items).toHaveLength(1);
      expect((await owner.get('/grantable')).status).toBe(503);
    },
    ({ context, sealer }) => ({ control: { ...context, sealer, backendAdmin: isAway } }),
  ));

it('what is our fault is told without details, which are in the log', () =>
  withConsole(
    async ({ owner, logged }) => {
      const { status, text } = await owner.get('/me');
      expect([status, text.includes('a bug')]).toEqual([500, false]);
      expect(logged.find(({ level }) => level === 'error')?.fields).toMatchObject({
        error: { message: 'a bug' },
      });
    },
    ({ context, sealer }) => ({
      control: {
        ...context,
        sealer,
        store: { ...context.store, query: () => Promise.reject(new Error('a bug')) },
      },
    }),
  ));

it.each([
  [new RequestError('There is one.'), 'conflict'],
  [new RequestError('Taken.', { cause: Object.assign(new Error(), { code: '23505' }) }), 'conflict'],
  [new RequestError('Away.', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }), 'unavailable'],
  [new RequestError('Full.', { cause: Object.assign(new Error(), { code: '53300' }) }), 'unavailable'],
  [new Error('a bug with pst_m_secret'), 'internal'],
  ['thrown', 'internal'],
  [undefined, 'internal'],
])('%s is told as %s', (thrown, code) => {
  expect(problemFrom(thrown)).toMatchObject({ code });
});
