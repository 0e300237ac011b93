/**
 * One engine and one image for the whole suite; test files get them by `inject('engine')`. Without an engine every
 * test is skipped, which is said loudly, and fails where CI=true.
 */

import type { TestProject } from 'vitest/node';
import { bringBaseImages } from './base-images.ts';
import { run } from './command.ts';
import { type Engine, startEngine } from './engine.ts';
import { buildImage, image, postgresImage } from './image.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** null: there is none, and nothing can be tested. */
    engine: Engine | null;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const engine = await startEngine();
  if (engine === null) {
    const why = 'No container engine: neither does Docker answer, nor is there podman and are we root.';
    if (process.env['CI'] === 'true') throw new Error(why);
    process.stderr.write(`\n${why}\nTHE CONTAINER SUITE IS NOT RUN.\n\n`);
    project.provide('engine', null);
    return undefined;
  }
  const { stop, ...plain } = engine;
  try {
    await bringBaseImages(plain, [postgresImage]);
    buildImage(plain, image);
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('engine', plain);
  return async () => {
    run(plain, ['rmi', '--force', image]);
    await stop();
  };
}
