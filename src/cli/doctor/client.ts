/**
 * The client's side of `postern doctor`: walks the way of a connection, from the host's name to a session that waits for
 * queries, and stops where it cannot go on. Needs neither configuration nor store.
 */

import type { Socket } from 'node:net';
import { loadClientFiles } from './client-files.ts';
import { type Finding, Stuck } from './finding.ts';
import { encryptLine, openTcp, requestTls, resolveHost } from './line.ts';
import { logIn } from './login.ts';
import type { ClientTarget } from './target.ts';

/** @param apiKey used unless the target has a password, as libpq prefers */
export const walkConnection = async (
  target: ClientTarget,
  apiKey: string | undefined,
): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const note = (finding: Finding): void => {
    if (finding.outcome === 'failed') throw new Stuck(finding.check, finding.seen, finding.advice);
    findings.push(finding);
  };
  const noted = <Value>({ finding, value }: { finding: Finding; value: Value }): Value => {
    note(finding);
    return value;
  };
  let socket: Socket | undefined;
  try {
    const addresses = noted(await resolveHost(target));
    socket = noted(await openTcp(target, addresses));
    noted(await requestTls(target, socket));
    // Loaded before TLS, which shows them, and told after it: what is wrong with them is no news about the server.
    const files = await loadClientFiles(target, Date.now());
    const stream = noted(await encryptLine(target, socket, files.identity));
    note(files.finding);
    await logIn(stream, target, target.password ?? apiKey, note);
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    findings.push(error.finding);
  } finally {
    socket?.destroy();
  }
  return findings;
};
