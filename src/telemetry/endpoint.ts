/**
 * `/metrics`, `/livez` and `/readyz` on a listener of their own, apart from anything public.
 * livez: the process answers. readyz: it can admit somebody now; otherwise 503 and why, in one line.
 */

import { createServer, type ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import { type Claim, type ListenOptions, listenOn } from '../port.ts';

export interface TelemetryEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

export interface EndpointOptions extends ListenOptions {
  readonly claim: Claim;
  /** In Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly readiness: () => Promise<Readiness>;
}

export interface Readiness {
  /** One sentence; null: ready. */
  readonly notReadyBecause: string | null;
  /** What is wrong though it is ready, as it goes on after "ok, but"; null: nothing. */
  readonly but: string | null;
}

export const ready: Readiness = { notReadyBecause: null, but: null };

const answer = (
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
) => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
};

const answerOf = ({ notReadyBecause, but }: Readiness): readonly [status: number, text: string] => {
  if (notReadyBecause !== null) return [503, notReadyBecause];
  return [200, but === null ? 'ok' : `ok, but ${but}`];
};

/** @throws RequestError one sentence when the port cannot be had */
export const openEndpoint = async (options: EndpointOptions): Promise<TelemetryEndpoint> => {
  const { claim, metrics, readiness, ...place } = options;
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/livez':
        return answer(response, 200, 'ok\n');
      case '/readyz':
        return void readiness().then(
          (found) => {
            const [status, text] = answerOf(found);
            answer(response, status, `${text}\n`);
          },
          () => answer(response, 500, 'readiness is not known\n'),
        );
      case '/metrics':
        return void metrics().then(
          (text) => answer(response, 200, text, Registry.PROMETHEUS_CONTENT_TYPE),
          () => answer(response, 500, 'metrics failed\n'),
        );
      default:
        return answer(response, 404, 'try /metrics, /livez or /readyz\n');
    }
  });
  const port = await listenOn(server, place, 'The telemetry endpoint (telemetry.listen)', claim);
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
};
