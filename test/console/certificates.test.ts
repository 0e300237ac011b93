import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { attachment } from '../../src/console/content-disposition.ts';
import { listAudit } from '../../src/store/audit.ts';
import { ec, greedyRequest } from '../authority/fixtures.ts';
import { unzip } from '../authority/unzip.ts';
import { type ConsoleFixture, withConsole } from './console-fixture.ts';
import { createThings } from './things.ts';

const allow = ({ owner }: ConsoleFixture) => owner.post('/address-rules', { cidr: '10.0.0.0/8' });

it('answers the bundle as JSON with text and base64, or as ZIP, and never again', () =>
  withConsole(async (console) => {
    await allow(console);
    const { owner, account } = console;
    const { status, body } = await owner.post('/certificates', { name: 'Laptop of Änn', days: 10 });
    expect([status, body.fileName]).toEqual([201, `${account.name}-Laptop-of-Ann.zip`]);
    expect(body.certificate).toMatchObject({ name: 'Laptop of Änn', status: 'active', issuedFrom: 'key' });
    const described = body.files.map(
      ({ name, mode, encoding }: Record<string, string>) => `${name} ${mode} ${encoding}`,
    );
    expect(described).toEqual([
      'readme.txt 0644 utf8',
      'client.crt 0644 utf8',
      'client.key 0600 utf8',
      'client.key.pk8 0600 base64',
      'client.p12 0600 base64',
      'server_ca.pem 0644 utf8',
      'pg_service.conf 0644 utf8',
    ]);
    const zipped = new Map(
      unzip(Buffer.from(body.zip, 'base64')).map(({ name, content }) => [name, content]),
    );
    for (const { name, encoding, content } of body.files) {
      expect(zipped.get(name)).toEqual(Buffer.from(content, encoding));
    }
    const zip = await owner.post('/certificates', { name: 'Other' }, { accept: 'application/zip' });
    expect(zip.headers.get('content-type')).toBe('application/zip');
    expect(zip.headers.get('content-disposition')).toBe(
      `attachment; filename="${account.name}-Other.zip"; filename*=UTF-8''${account.name}-Other.zip`,
    );
    const listed = await owner.get('/certificates');
    expect(listed.body.items).toHaveLength(2);
    expect(listed.body.items[0]).toEqual(body.certificate);
    expect(listed.text).not.toContain('PRIVATE KEY');
  }));

it('signs a request whose key stays with its owner, and takes nothing else from it', () =>
  withConsole(async (console) => {
    await allow(console);
    const { pem } = await greedyRequest(ec('P-256'));
    const { body } = await console.owner.post('/certificates', { name: 'Own key', csr: pem });
    expect(body.certificate.issuedFrom).toBe('csr');
    const names = body.files.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['readme.txt', 'client.crt', 'server_ca.pem', 'pg_service.conf']);
    const issued = new X509Certificate(body.files[1].content);
    expect([issued.subject, issued.ca]).toEqual([`CN=${console.account.name}`, false]);
  }));

it('issues and records nothing when anything is wrong with the request', () =>
  withConsole(async (console) => {
    const { owner, context } = console;
    const none = await owner.post('/certificates', { name: 'Too early' });
    expect(none.body).toMatchObject({
      status: 409,
      detail: expect.stringContaining('allow an address first'),
    });
    await allow(console);
    await owner.post('/certificates', { name: 'Taken' });
    const [before] = await listAudit(context.store, { limit: 1 });
    const cases: [unknown, number, string[]][] = [
      [{ name: 'Taken' }, 409, []],
      [{}, 422, ['body.name']],
      [{ name: ' \n' }, 422, ['body.name']],
      [{ name: 'x'.repeat(65), days: 0 }, 422, ['body.name', 'body.days']],
      [{ name: 'Long', days: 61, csr: 'no request' }, 422, ['body.days', 'body.csr']],
      [{ name: 'Long', days: 1.5 }, 422, ['body.days']],
      [{ name: 'Big', csr: 'x'.repeat(70_000) }, 422, ['body.csr']],
      [{ name: 'Huge', csr: 'x'.repeat(200_000) }, 413, []],
    ];
    for (const [body, status, paths] of cases) {
      const answer = await owner.post('/certificates', body);
      const seen = (answer.body.errors ?? []).map(({ path }: { path: string }) => path);
      expect([answer.status, seen]).toEqual([status, paths]);
    }
    expect((await owner.get('/certificates')).body.items).toHaveLength(1);
    expect(await listAudit(context.store, { limit: 1 })).toEqual([before]);
  }));

it('tells how many sessions a revocation ends, and keeps the first reason', () =>
  withConsole(async (console) => {
    const { owner } = console;
    const { certificateId } = await createThings(console);
    const path = `/certificates/${certificateId}`;
    expect((await owner.get(path)).body).toMatchObject({ status: 'active', liveSessions: 1 });
    const revoked = await owner.post(`${path}/revoke`, { reason: 'Lost' });
    expect(revoked.body).toMatchObject({
      certificate: { status: 'revoked', revokeReason: 'Lost' },
      liveSessions: 1,
    });
    const again = await owner.post(`${path}/revoke`);
    expect(again.body.certificate).toEqual(revoked.body.certificate);
  }));

it('shows certificates that have run out as expired', () =>
  withConsole(async (console) => {
    await allow(console);
    await console.owner.post('/certificates', { name: 'Short', days: 1 });
    console.clock.aheadMs = 2 * 86_400_000;
    expect((await console.owner.get('/certificates')).body.items).toMatchObject([{ status: 'expired' }]);
  }));

it.each([
  ['Laptop "of" Ann; x=y', 'Laptop%20-of-%20Ann%3B%20x%3Dy.zip'],
  ['../../etc/passwd', 'etc-passwd.zip'],
  ['a\\b:c*d?e<f>g|h', 'a-b-c-d-e-f-g-h.zip'],
  ['x\r\nSet-Cookie: a=b', 'x--Set-Cookie-%20a%3Db.zip'],
  ['\u202egnp.exe', 'gnp.exe.zip'],
  ["日本 'q' (1)", '%E6%97%A5%E6%9C%AC%20%27q%27%20%281%29.zip'],
  ['...', 'zip'],
])('the header of a download named %j cannot be broken', (name, expected) => {
  const header = attachment('plain.zip', `${name}.zip`);
  expect(header).toBe(`attachment; filename="plain.zip"; filename*=UTF-8''${expected}`);
  expect(() => new Headers({ 'content-disposition': header })).not.toThrow();
});

it('a hostile name arrives as a harmless file name', () =>
  withConsole(async (console) => {
    await allow(console);
    const name = '../"; filename=x.exe; €';
    const { headers, status } = await console.owner.post(
      '/certificates',
      { name },
      { accept: 'application/zip' },
    );
    expect(status).toBe(201);
    const { account } = console;
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="${account.name}-.-filename-x.exe.zip"; filename*=UTF-8''${account.name}-..--%3B%20filename%3Dx.exe%3B%20%E2%82%AC.zip`,
    );
  }));
