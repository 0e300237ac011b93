/** What commands take from the environment beside the configuration file. */

/** libpq's PGPASSWORD, which for a client of Postern holds its API key; undefined: not set, or empty. */
export const passwordFromEnvironment = (): string | undefined => process.env['PGPASSWORD'] || undefined;

/** What the system, Node and its libraries read; the rest may be secrets that `${env:…}` refers to. */
const harmless = /^(PATH|HOME|TZ|LANG|LC_\w+|NODE_\w+|UV_\w+|SSL_\w+|OPENSSL_\w+|LD_\w+|MALLOC_\w+)$/;

/** For processes that get their configuration otherwise. */
export const environmentWithoutSecrets = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => harmless.test(name)));
