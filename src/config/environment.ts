/** What commands take from the environment beside the configuration file. */

/** libpq's PGPASSWORD, which for a client of Postern holds its API key; undefined: not set, or empty. */
export const passwordFromEnvironment = (): string | undefined => process.env['PGPASSWORD'] || undefined;
