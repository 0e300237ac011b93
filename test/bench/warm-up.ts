/** Programs that compile as they run do it now, so that the first round is like the others; all peers get the same. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Installation } from '../reliability/installation.ts';
import { startInShell } from '../support/psql.ts';
import type { Peer } from './peers/peer.ts';

export const warmUp = async (
  { directory }: Installation,
  { environment, name }: Pick<Peer, 'environment' | 'name'>,
): Promise<void> => {
  const script = join(directory, 'warm-up.sql');
  await writeFile(script, 'SELECT 1;\n');
  for (const options of ['-S -M prepared', `-C -f ${script}`]) {
    const commandLine = `pgbench -n -c 8 -j 2 -T 2 ${options}`;
    const { status, stderr } = await startInShell(commandLine, environment, directory).result;
    if (status !== 0) throw new Error(`${name} does not let ${commandLine} through: ${stderr}`);
  }
};
