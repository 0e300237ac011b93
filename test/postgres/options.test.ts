import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import { clientConfig, withDatabaseName } from '../../src/postgres/options.ts';

const config = (url: string, more = {}) => clientConfig({ url, applicationName: 'test', ...more });

describe('database URLs', () => {
  test.each([
    ['postgresql://u@h/d', { user: 'u', password: undefined, host: 'h', port: 5432, database: 'd' }],
    ['postgres://u%40x:p%2F%3A@h:6000/d%20d', { user: 'u@x', password: 'p/:', port: 6000, database: 'd d' }],
    ['postgresql://u@[2001:db8::1]:6000/d', { host: '2001:db8::1', port: 6000 }],
    ['postgresql://u@localhost/d?host=/run/postgresql', { host: '/run/postgresql' }],
  ])('%s', (url, expected) => {
    expect(config(url)).toMatchObject(expected);
  });

  test.each([
    ['', 'A database URL must look like postgresql://user:password@host:5432/database.'],
    ['https://u:secret@h/d', 'A database URL must look like postgresql://user:password@host:5432/database.'],
    ['postgresql://h/d', 'The database URL names no user.'],
    ['postgresql://u:secret@h', 'The database URL names no database.'],
    [
      'postgresql://u:secret@h/d?sslrootcert=x',
      'The database URL has the parameter "sslrootcert": only sslmode and host are understood there.',
    ],
    [
      'postgresql://u:secret@h/d?sslmode=prefer',
      'The database URL has sslmode "prefer": use one of disable, require, verify-ca, verify-full.',
    ],
  ])('%s is refused without its password', (url, sentence) => {
    expect(() => config(url)).toThrow(new RequestError(sentence));
  });

  test('TLS is as strict as asked for, and checks the name or address that was dialled', () => {
    const url = 'postgresql://u@192.0.2.1/d';
    expect(config(url).ssl).toBe(false);
    expect(config(url, { tls: { ca: 'CA' } }).ssl).toEqual({ host: '192.0.2.1', ca: 'CA' });
    expect(config(`${url}?sslmode=disable`, { tls: { ca: 'CA' } }).ssl).toBe(false);
    expect(config(`${url}?sslmode=require`).ssl).toEqual({ host: '192.0.2.1', rejectUnauthorized: false });
    expect(config(`${url}?sslmode=verify-full`, { tls: { ca: 'CA' } }).ssl).toEqual({
      host: '192.0.2.1',
      ca: 'CA',
    });
  });

  test('what the database could set against us is set at startup, with blanks escaped', () => {
    const { options } = config('postgresql://u@h/d', { role: 'a "b" \\', lockTimeoutMs: 7 });
    expect(options).toMatch(/^-c search_path=pg_catalog,pg_temp -c role=a\\ "b"\\ \\\\ -c /);
    expect(options).toContain('-c default_transaction_isolation=read\\ committed ');
    expect(options).toContain('-c statement_timeout=0 -c lock_timeout=7 ');
    expect(config('postgresql://u@h/d').options).toContain('-c role=none ');
  });

  test('how TLS begins is not for the environment to say', () => {
    vi.stubEnv('PGSSLNEGOTIATION', 'direct');
    try {
      expect(new pg.Client(config('postgresql://u@h/d'))).toMatchObject({ sslNegotiation: 'postgres' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('the database of a URL can be exchanged', () => {
    expect(withDatabaseName('postgresql://u:p@h:1/d?sslmode=require', 'x y')).toBe(
      'postgresql://u:p@h:1/x%20y?sslmode=require',
    );
  });
});
