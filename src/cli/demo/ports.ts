/** TCP ports of this machine's loopback addresses: is one free, and which one is. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { RequestError } from '../../errors.ts';

/** Listens for a moment. @returns the port; the error's code when that was not possible */
const tryPort = async (host: string, port: number): Promise<number | string> => {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : port;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  } finally {
    server.close();
  }
};

/**
 * `localhost` means both addresses to clients, which try ::1 first: somebody else there would get their connections.
 * @param option of the command line, for whoever has to choose another
 * @throws RequestError one sentence when the port is taken or may not be used
 */
export const requireFreePort = async (port: number, option: string): Promise<void> => {
  for (const host of ['127.0.0.1', '::1']) {
    const seen = await tryPort(host, port);
    if (seen === 'EADDRINUSE') {
      throw new RequestError(
        `Port ${port} of ${host} is taken: stop what listens there, or choose another port with ${option}.`,
      );
    }
    if (host === '127.0.0.1' && typeof seen === 'string') {
      throw new RequestError(
        `Port ${port} of ${host} cannot be used (${seen}): choose another with ${option}.`,
      );
    }
  }
};

/** @param preferred taken when it is free; null: any */
export const findFreePort = async (preferred: number | null): Promise<number> => {
  const kept = preferred === null ? 'none' : await tryPort('127.0.0.1', preferred);
  if (typeof kept === 'number') return kept;
  const found = await tryPort('127.0.0.1', 0);
  if (typeof found === 'string') throw new RequestError(`No port of 127.0.0.1 can be had (${found}).`);
  return found;
};
