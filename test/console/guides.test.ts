import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/authority/connection-strings.ts';
import { fillGuides, loadGuides } from '../../src/console/guides/load.ts';
import { compileTemplate, fillTemplate } from '../../src/console/guides/render.ts';

const connection: Connection = { host: 'gate.example', port: 6432, database: 'geography', user: 'acme' };
const hostile = 'it\'s "<b>$HOME</b>" `id` \\ {x} %41:';

const guides = await loadGuides();

/** The text that a person copies. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? '');
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };

const fill = (markdown: string, database: string): string =>
  fillTemplate(compileTemplate(markdown), { ...connection, database });
const codeOf = (language: string, code: string, database: string): string =>
  textOf(fill(`\`\`\`${language}\n${code}\n\`\`\``, database)).trim();

describe('the guides', () => {
  it('are those that people choose from, in this order', () => {
    expect(guides.map(({ id }) => id)).toEqual([
      'qgis',
      'tableau',
      'power-bi',
      'databricks',
      'dbeaver',
      'odbc',
      'psql',
      'python',
      'r',
      'node',
      'gdal',
    ]);
  });

  it.each(fillGuides(guides, connection))('tells all there is to tell about $id', ({ html }) => {
    const text = textOf(html);
    expect(text).not.toContain('{{');
    expect(text).toContain('gate.example');
    expect(text).toContain('API key');
    expect(html).toContain('<h4>Check that it works</h4>');
    expect(html).toContain('<h4>If it does not</h4>');
    expect(text.trim().split('\n').slice(-2).join(' ')).toMatch(/\b(was|were|is) (not )?run\b/);
  });

  it.each(fillGuides(guides, { ...connection, database: hostile }))(
    'lets no name become markup in $id',
    ({ html }) => {
      expect(html).not.toContain('<b>');
    },
  );

  it('are all in the index for readers of the repository', () => {
    const index = readFileSync(new URL('../../docs/clients/README.md', import.meta.url), 'utf8');
    const linked = [...index.matchAll(/\]\(([a-z-]+)\.md\)/g)].map((match) => match[1]);
    expect(linked).toEqual(guides.map(({ id }) => id));
  });
});

describe('a name in a guide', () => {
  it('reaches a program through a shell and libpq as it is', () => {
    const command = codeOf('sh', 'printf %s "dbname={{database}}"', hostile);
    const conninfo = execFileSync('sh', ['-c', command], { encoding: 'utf8' });
    const [, quoted = ''] = /^dbname='(.*)'$/s.exec(conninfo) ?? [];
    expect(quoted.replaceAll(/\\(.)/gs, '$1')).toBe(hostile);
  });

  it.each(['js', 'python', 'r'])('is what it is within a literal of %s', (language) => {
    expect(JSON.parse(codeOf(language, '"{{database}}"', hostile))).toBe(hostile);
  });

  it('is what it is within a URL', () => {
    const url = codeOf('jdbc', 'jdbc:postgresql://{{host}}:{{port}}/{{database}}?a=b', hostile);
    expect(decodeURIComponent(new URL(url.slice('jdbc:'.length)).pathname)).toBe(`/${hostile}`);
  });

  it.each([
    ['odbc', 'Database={{database}};', `Database={${hostile.replaceAll('}', '}}')}};`],
    ['pgpass', '{{database}}:x', `${hostile.replaceAll(/[\\:]/g, '\\$&')}:x`],
    ['text', '{{database}}', hostile],
  ])('is written in %s as that wants it', (language, code, written) => {
    expect(codeOf(language, code, hostile)).toBe(written);
  });

  it('leaves plain names plain', () => {
    for (const language of ['sh', 'js', 'python', 'r', 'jdbc', 'odbc', 'pgpass', 'text']) {
      expect(codeOf(language, '{{database}}', 'geography')).toBe('geography');
    }
    expect(fill('`{{user}}`', 'x')).toBe('<p><code>acme</code></p>\n');
  });

  it('has brackets where an IPv6 address stands in a URL', () => {
    const template = compileTemplate('```jdbc\njdbc:postgresql://{{host}}:{{port}}/\n```');
    const html = fillTemplate(template, { ...connection, host: '2001:db8::7' });
    expect(textOf(html).trim()).toBe('jdbc:postgresql://[2001:db8::7]:6432/');
  });
});

it.each([
  ['HTML', 'Hello <b>you</b>.'],
  ['an HTML block', '<script>alert(1)</script>'],
  ['an image', '![logo](https://example.com/logo.png)'],
  ['a link that is not https', '[x](javascript:alert(1))'],
  ['a relative link', '[psql](psql.md)'],
  ['a placeholder outside code', 'Your host is {{host}}.'],
  ['an unknown placeholder', '`{{password}}`'],
  ['a placeholder in a language that nobody knows', '```cobol\n{{host}}\n```'],
])('refuses a guide with %s', (_, markdown) => {
  expect(() => compileTemplate(markdown)).toThrow();
});
