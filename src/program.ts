/** What this program is, and where its files lie: one folder above both `src/` and `dist/`. */

import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);

/** From package.json. */
export const version: string = (
  JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
).version;

/** What runs this program: Node takes it with the ending that this file has. */
export const mainFile: string = fileURLToPath(new URL(`main${extname(import.meta.url)}`, import.meta.url));

/** The built page of the console; null: it has not been built. */
export const webRoot: string | null = existsSync(new URL('dist/web/index.html', root))
  ? fileURLToPath(new URL('dist/web/', root))
  : null;
