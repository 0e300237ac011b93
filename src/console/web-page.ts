/**
 * The built page. Its files carry a hash in their names and never change; index.html is asked for each time. Paths that
 * the page itself makes up are answered with it.
 */

import fileServer from '@fastify/static';
import type { FastifyRequest } from 'fastify';
import type { ConsoleApp } from './request.ts';

const index = 'index.html';

export const addWebPage = async (app: ConsoleApp, webRoot: string): Promise<void> => {
  await app.register(fileServer, {
    root: webRoot,
    index,
    setHeaders: (reply, file) => {
      reply.header(
        'cache-control',
        file.endsWith(index) ? 'no-cache' : 'public, max-age=31536000, immutable',
      );
    },
    cacheControl: false,
    // Both come from a file's date and size. In an image all files have one date, and index.html keeps its size.
    etag: false,
    lastModified: false,
  });
};

/** Somebody opens a page, as opposed to a script that asks for data or a file that is missing. */
export const opensPage = ({ method, url, headers }: FastifyRequest): boolean =>
  method === 'GET' && !/^\/(?:api|assets)(?:\/|$)/.test(url) && (headers.accept ?? '').includes('text/html');
