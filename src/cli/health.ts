/**
 * `postern health`: whether the Postern of this configuration, on this computer, answers. For a container engine's health
 * check, which has neither a shell nor curl to ask with.
 */

import type { Command } from 'commander';
import { messageOf, RequestError } from '../errors.ts';
import { reachableHost, urlOf } from './own-listener.ts';
import type { Shell } from './shell.ts';

const patienceMs = 3_000;

const why = (error: unknown): string => {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${patienceMs / 1000} s`;
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
};

/** @throws RequestError one sentence */
const ask = async (url: string): Promise<string> => {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    body = (await response.text()).trim();
  } catch (error) {
    throw new RequestError(`Postern does not answer at ${url}: ${why(error)}.`);
  }
  if (!response.ok) throw new RequestError(`${url} answers ${response.status}: ${body}`);
  return body;
};

export const addHealthCommand = (program: Command, shell: Shell): void => {
  program
    .command('health')
    .description('ask the running Postern at telemetry.listen whether it is alive')
    .option('--ready', 'whether it can admit somebody now')
    .action(async ({ ready }: { ready?: true }) => {
      const { listen } = shell.loadConfig().telemetry;
      if (listen.port === 0) {
        throw new RequestError('telemetry.listen has port 0, any free one: give it a number to be asked at.');
      }
      const url = urlOf('http', reachableHost(listen.host), listen, ready ? '/readyz' : '/livez');
      shell.answer({ url, answer: await ask(url) }, `Postern is ${ready ? 'ready' : 'alive'}.`);
    });
};
