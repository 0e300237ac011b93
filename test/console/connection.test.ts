import { expect, it } from 'vitest';
import { withConsole } from './console-fixture.ts';
import { readEvents } from './event-reader.ts';

it('tells how to connect, with guides, text to paste and files', () =>
  withConsole(async ({ owner, operator, account }) => {
    const { status, body } = await owner.get('/connection');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      host: 'gate.example',
      port: 6432,
      database: account.database,
      user: account.name,
      jdbcUrl: expect.stringContaining(`jdbc:postgresql://gate.example:6432/${account.database}?`),
      odbcConnectionString: expect.stringContaining('Pqopt={sslcert=C:/postern/client.crt'),
      psqlCommand: expect.stringMatching(/^psql "host=gate\.example port=6432 .*sslmode=verify-full/),
    });
    expect(body.downloads.map(({ fileName }: { fileName: string }) => fileName)).toEqual([
      'pg_service.conf',
      'postern.properties',
    ]);
    expect(body.downloads[0].content).toContain(`\n[${account.name}]\nhost=gate.example\n`);
    expect(body.guides[0]).toMatchObject({ id: 'qgis', title: 'QGIS' });
    expect(body.guides[0].html).toContain('<code>gate.example</code>');
    expect((await operator.get(`/connection?account=${account.name}`)).body).toEqual(body);
    expect((await operator.get('/connection')).status).toBe(422);
    expect((await owner.get('/connection?account=another')).status).toBe(404);
  }));

it('says which address it sees', () =>
  withConsole(async ({ owner, nobody }) => {
    const answer = await owner.get('/my-address', { 'x-forwarded-for': '203.0.113.7' });
    expect(answer.body).toEqual({ address: '127.0.0.1', family: 4 });
    expect((await nobody.get('/my-address')).status).toBe(401);
  }));

it.each([
  ['203.0.113.7', { address: '203.0.113.7', family: 4 }],
  ['192.0.2.99, 203.0.113.7', { address: '203.0.113.7', family: 4 }],
  ['2001:db8::7', { address: '2001:db8::7', family: 6 }],
  ['::ffff:203.0.113.7', { address: '203.0.113.7', family: 4 }],
])('believes a trusted proxy that the client is %s', (forwarded, seen) =>
  withConsole(
    async ({ owner }) => {
      expect((await owner.get('/my-address', { 'x-forwarded-for': forwarded })).body).toEqual(seen);
    },
    { trustProxy: ['127.0.0.0/8'] },
  ),
);

it('explains what would be decided about a client', () =>
  withConsole(async ({ owner, account }) => {
    const closed = (await owner.post('/explain', { address: ' 203.0.113.7 ' })).body;
    expect(closed).toMatchObject({
      account: account.name,
      admitted: false,
      told: { reason: 'certificate-missing', sqlstate: '28000' },
    });
    expect(closed.locks.map(({ lock }: { lock: string }) => lock)).toEqual([
      'certificate',
      'account',
      'address',
      'key',
    ]);
    await owner.post('/address-rules', { cidr: '203.0.113.0/24' });
    const created = await owner.post('/certificates', { name: 'laptop' });
    expect(created.status).toBe(201);
    const question = { address: '203.0.113.7', certificate: 'laptop', key: 'master' };
    expect((await owner.post('/explain', question)).body).toMatchObject({ admitted: true, told: null });
    expect((await owner.post('/explain', {})).body.admitted).toBe(true);
  }));

it('refuses to explain what is no address, and what the account never had', () =>
  withConsole(async ({ owner }) => {
    const invalid = await owner.post('/explain', { address: '203.0.113.0/24' });
    expect(invalid).toMatchObject({ status: 422, body: { errors: [{ path: 'body.address' }] } });
    expect((await owner.post('/explain', { certificate: 'never' })).body).toMatchObject({
      status: 404,
      detail: expect.stringContaining('no certificate named "never"'),
    });
    expect((await owner.post('/explain', { key: 'never' })).status).toBe(404);
  }));

it('closes although somebody still follows attempts', async () => {
  const reader = await withConsole(({ origin, owner }) =>
    readEvents(`${origin}/api/v1/attempts/stream`, owner.headers),
  );
  expect(reader.status).toBe(200);
});
