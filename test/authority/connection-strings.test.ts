import { describe, expect, test } from 'vitest';
import {
  bundledFiles,
  filesIn,
  jdbcUrl,
  libpqParameters,
  odbcConnectionString,
  quoteForShell,
} from '../../src/authority/connection-strings.ts';

const connection = { host: '2001:db8::7', port: 6432, database: "O'Hara & Co; x=y}", user: 'a b\\c' };

describe('values that mean something in the format they go into', () => {
  test('are quoted for libpq', () => {
    expect(libpqParameters(connection, bundledFiles).slice(0, 4)).toEqual([
      'host=2001:db8::7',
      'port=6432',
      "dbname='O\\'Hara & Co; x=y}'",
      "user='a b\\\\c'",
    ]);
  });

  test('are escaped for JDBC, with brackets around IPv6 addresses', () => {
    const url = jdbcUrl(connection, { sslkey: 'C:/my keys/client.key.pk8' });
    expect(url).toBe(
      "jdbc:postgresql://[2001:db8::7]:6432/O'Hara%20%26%20Co%3B%20x%3Dy%7D" +
        '?user=a%20b%5Cc&sslmode=verify-full&sslkey=C:/my%20keys/client.key.pk8',
    );
  });

  test('are put into braces for ODBC', () => {
    expect(odbcConnectionString(connection, filesIn('C:/postern'))).toBe(
      "Driver={PostgreSQL Unicode};Server=2001:db8::7;Port=6432;Database={O'Hara & Co; x=y}}};UID={a b\\c};" +
        'SSLmode=verify-full;Pqopt={sslcert=C:/postern/client.crt sslkey=C:/postern/client.key ' +
        'sslrootcert=C:/postern/server_ca.pem}',
    );
  });

  test.each([
    ['plain text', '"plain text"'],
    ["it's", '"it\'s"'],
    ['$(rm -rf ~)', "'$(rm -rf ~)'"],
    ["`id`'s", "'`id`'\\''s'"],
  ])('are quoted for the shell: %s', (text, quoted) => {
    expect(quoteForShell(text)).toBe(quoted);
  });
});
