/**
 * One PostgreSQL for the whole test run: the one that `POSTERN_TEST_POSTGRES_URL` names (a superuser's URL),
 * else an embedded one. Test files get its URL by `inject('postgresUrl')`, see `postgres.ts`.
 */

import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser URL of the test run's PostgreSQL. */
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['POSTERN_TEST_POSTGRES_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return undefined;
  }
  const postgres = await startEmbeddedPostgres();
  project.provide('postgresUrl', postgres.url);
  return postgres.stop;
}
