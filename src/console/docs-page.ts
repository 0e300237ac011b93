/**
 * The API for people: one plain HTML page made of the OpenAPI document, without scripts. Pure. Every text is escaped.
 */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Body {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: Body;
  readonly responses?: Readonly<Record<string, Body>>;
}

/** As much of it as the page shows. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign);
const code = (text: string): string => `<code>${escapeHtml(text)}</code>`;
/** `words` in the text become code. */
const prose = (text = ''): string =>
  escapeHtml(text).replace(/`([^`]+)`/g, (_, words: string) => `<code>${words}</code>`);
const anchorOf = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-');

const problemType = 'application/problem+json';

const typeText = (schema: Schema | undefined): string => {
  if (schema === undefined) return '';
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return `<a href="#schema-${anchorOf(name)}">${escapeHtml(name)}</a>`;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(typeText).join(' or ');
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((each) => code(String(each))).join(' ');
  if (schema.items !== undefined) return `list of ${typeText(schema.items)}`;
  if (schema.properties !== undefined) return fields(schema);
  const type = typeof schema.type === 'string' ? schema.type : (schema.type ?? ['anything']).join(' or ');
  return escapeHtml(schema.format === undefined ? type : `${type} (${schema.format})`);
};

const row = (name: string, required: boolean, type: string, description?: string): string =>
  `<tr><td>${code(name)}${required ? '' : ' (optional)'}</td><td>${type}</td><td>${prose(description)}</td></tr>`;

const table = (rows: readonly string[]): string =>
  rows.length === 0
    ? ''
    : `<table><thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;

const fields = ({ properties = {}, required = [] }: Schema): string =>
  table(
    Object.entries(properties).map(([name, schema]) =>
      row(name, required.includes(name), typeText(schema), schema.description),
    ),
  );

const bodyText = ({ description, content = {} }: Body): string => {
  const types = Object.entries(content).map(([type, { schema }]) => `${code(type)} ${typeText(schema)}`);
  return [prose(description), ...types].filter((text) => text !== '').join('<br>');
};

const operationText = (method: string, path: string, operation: Operation): string => {
  const { summary, description, parameters = [], requestBody, responses = {} } = operation;
  const given = parameters.map(({ name, in: place, required = false, schema, description: meaning }) =>
    row(`${name} (${place})`, required || place === 'path', typeText(schema), meaning ?? schema?.description),
  );
  const [problems, successes] = [true, false].map((wanted) =>
    Object.entries(responses).filter(([, { content = {} }]) => problemType in content === wanted),
  ) as [[string, Body][], [string, Body][]];
  const answers = [
    ...successes.map(([status, body]) => `<tr><td>${code(status)}</td><td>${bodyText(body)}</td></tr>`),
    ...problems.map(
      ([status, { description }]) => `<tr><td>${code(status)}</td><td>${prose(description)}</td></tr>`,
    ),
  ];
  return `<article><h3><span class="method">${method.toUpperCase()}</span> ${code(path)}</h3>
<p>${prose(summary)}. ${prose(description)}</p>
${table(given)}
${requestBody === undefined ? '' : `<h4>Body</h4><div>${bodyText(requestBody)}</div>`}
<h4>Answers</h4><table><tbody>${answers.join('')}</tbody></table></article>`;
};

const section = (title: string, id: string, content: string): string =>
  `<section id="${id}"><h2>${escapeHtml(title)}</h2>${content}</section>`;

export const docsPage = ({ info, paths, components = {} }: OpenApiDocument): string => {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const byTag = [...Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'Other')];
  const sections = byTag.map(([tag, of]) =>
    section(
      tag,
      `tag-${anchorOf(tag)}`,
      of.map(({ method, path, operation }) => operationText(method, path, operation)).join(''),
    ),
  );
  const schemas = Object.entries(components.schemas ?? {}).map(([name, schema]) =>
    section(name, `schema-${anchorOf(name)}`, typeText(schema)),
  );
  const index = byTag.map(([tag]) => `<li><a href="#tag-${anchorOf(tag)}">${escapeHtml(tag)}</a></li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(info.title)} API</title><link rel="stylesheet" href="/api/docs.css"></head>
<body><header><h1>${escapeHtml(info.title)} API ${escapeHtml(info.version)}</h1><p>${prose(info.description)}</p>
<p>For programs: <a href="/api/openapi.json">openapi.json</a></p></header>
<nav><ul>${index.join('')}</ul></nav>
<main>${sections.join('')}${schemas.join('')}</main></body></html>`;
};
