/** The ports to listen on: free, or served by a Postern already. Whatever is opened here is closed again. */

import { once } from 'node:events';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { loadServerCertificate } from '../../authority/server-certificate.ts';
import type { Config, GateConfig } from '../../config/config.ts';
import type { ListenAddress } from '../../config/scalars.ts';
import { dial } from '../../gate/backend/dial.ts';
import { listenFailure } from '../../port.ts';
import { reachableHost, urlOf } from '../own-listener.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const patienceMs = 3_000;

type Port = {
  readonly setting: string;
  readonly place: ListenAddress;
  /** Whether it is Postern that answers there; null: that cannot be told. */
  readonly isOurs: (host: string) => Promise<boolean | null>;
};

/** null: the port can be had. */
const listenError = async ({ host, port }: ListenAddress): Promise<NodeJS.ErrnoException | null> => {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
};

/** The gate shows the certificate that is configured; behind trusted proxies it may want to hear a PROXY header first. */
const isGate = async (gate: GateConfig, host: string): Promise<boolean | null> => {
  try {
    const target = {
      host,
      port: gate.listen.port,
      tls: 'require',
      ca: null,
      clientCertificate: null,
    } as const;
    const { socket } = await dial(target, AbortSignal.timeout(patienceMs));
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;
    socket.destroy();
    return shown?.equals((await loadServerCertificate(gate)).leafDer) ?? false;
  } catch {
    return gate.trustedProxies.length > 0 ? null : false;
  }
};

const answers = async (url: string, isExpected: (body: string) => boolean): Promise<boolean> => {
  const get = url.startsWith('https:') ? httpsGet : httpGet;
  // Who it is shall be found out here, and not whether its certificate is good.
  const request = get(url, { rejectUnauthorized: false, signal: AbortSignal.timeout(patienceMs) });
  try {
    const [response] = await once(request, 'response');
    return isExpected(await text(response));
  } catch {
    return false;
  } finally {
    request.destroy();
  }
};

const portsOf = ({ gate, console, telemetry }: Config): Port[] => {
  const ports: Port[] = [
    {
      setting: 'telemetry.listen',
      place: telemetry.listen,
      isOurs: (host) =>
        answers(urlOf('http', host, telemetry.listen, '/livez'), (body) => body.trim() === 'ok'),
    },
  ];
  if (console) {
    const scheme = console.tls ? 'https' : 'http';
    const isConsole = (body: string) => body.includes('"title":"Postern console"');
    ports.unshift({
      setting: 'console.listen',
      place: console.listen,
      isOurs: (host) => answers(urlOf(scheme, host, console.listen, '/api/openapi.json'), isConsole),
    });
  }
  if (gate) {
    ports.unshift({
      setting: 'gate.listen',
      place: gate.listen,
      isOurs: (host) => isGate(gate, host),
    });
  }
  return ports;
};

const checkPort = async ({ setting, place, isOurs }: Port): Promise<Finding> => {
  const shown = `${place.host}:${place.port}`;
  if (place.port === 0) return ok(setting, `Any free port of ${place.host}.`);
  const error = await listenError(place);
  if (error === null) return ok(setting, `${shown} is free.`);
  if (error.code !== 'EADDRINUSE') {
    return failed(setting, listenFailure(error, place, 'Postern').message, null);
  }
  const ours = await isOurs(reachableHost(place.host));
  if (ours) return ok(setting, `A Postern serves ${shown} already.`);
  if (ours === null) {
    return warning(setting, `${shown} is in use, by whom cannot be told.`, 'Look whether it is a Postern.');
  }
  const stranger = `${shown} is in use, and not by a Postern with this configuration.`;
  return failed(setting, stranger, `Stop that program or choose another port in ${setting}.`);
};

export const checkPorts = (config: Config): Promise<readonly Finding[]> =>
  Promise.all(portsOf(config).map(checkPort));
