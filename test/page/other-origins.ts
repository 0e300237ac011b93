/** Other people's web sites, as far as a test needs them: one empty page that scripts can be run on. */

import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

/** @returns the port, on all of this machine's names; it is gone when the test is over */
export const startOtherSite = async (): Promise<number> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Other</title><body></body>');
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
};
