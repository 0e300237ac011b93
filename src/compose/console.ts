/**
 * Builds the console and lets it listen: over TLS when it has a certificate of its own, which a reload exchanges for
 * connections that come afterwards, as it does the authority for certificates that are issued afterwards.
 */

import type { AddressInfo } from 'node:net';
import { createSecureContext, Server as TlsServer } from 'node:tls';
import { loadServerCertificate } from '../authority/server-certificate.ts';
import type { Config, ConsoleConfig } from '../config/config.ts';
import { buildConsole } from '../console/server.ts';
import { type Claim, listenFailure, withPort } from '../port.ts';
import type { Log } from '../telemetry/log.ts';
import { keepControl, loadClientAuthority } from './control.ts';
import type { Prepare } from './reload.ts';

export interface RunningConsole {
  readonly port: number;
  readonly prepareReload: Prepare;
  readonly stop: () => Promise<void>;
}

/** How long requests under way may take at the end. */
const closeGraceMs = 5_000;

const listener = 'The console (console.listen)';

const loadTls = async (files: NonNullable<ConsoleConfig['tls']>) => {
  const { certificatePem, keyPem } = await loadServerCertificate(files);
  return { cert: certificatePem, key: keyPem };
};

/**
 * @param page directory of the built page; null: the API alone
 * @throws RequestError one sentence for a file or a port that cannot be used; nothing is left running
 */
export const startConsole = async (
  config: Config,
  consoleConfig: ConsoleConfig,
  log: Log,
  page: string | null,
  claim: Claim,
): Promise<RunningConsole> => {
  await using running = new AsyncDisposableStack();
  const { close, setBackends, ...control } = keepControl(config);
  running.defer(close);
  let clientAuthority = await loadClientAuthority(config);
  const app = await buildConsole({
    control: {
      ...control,
      // Of the moment at which a request comes.
      get clientAuthority() {
        return clientAuthority;
      },
    },
    sealer: control.sealer,
    adminToken: consoleConfig.adminToken,
    public: config.public,
    secureCookies: true,
    trustProxy: consoleConfig.trustedProxies,
    tls: consoleConfig.tls && (await loadTls(consoleConfig.tls)),
    webRoot: page,
    log,
  });
  running.defer(async () => {
    const patience = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
    await app.close();
    clearTimeout(patience);
  });
  await withPort(consoleConfig.listen, listener, claim, (place) =>
    app.listen(place).catch((error: unknown) => {
      throw listenFailure(error, consoleConfig.listen, listener);
    }),
  );
  const { port } = app.server.address() as AddressInfo;
  const stack = running.move();
  log.info({ address: consoleConfig.listen.host, port }, 'console listens');
  return {
    port,
    prepareReload: async (next) => {
      const tls = next.console?.tls ? await loadTls(next.console.tls) : null;
      // What the swap could fail at, it fails at here.
      createSecureContext(tls ?? {});
      const nextAuthority = await loadClientAuthority(next);
      return () => {
        clientAuthority = nextAuthority;
        setBackends(next);
        if (tls && app.server instanceof TlsServer) app.server.setSecureContext(tls);
      };
    },
    stop: () => stack.disposeAsync(),
  };
};
