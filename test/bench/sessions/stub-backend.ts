/**
 * A process that looks like PostgreSQL to whoever logs in and asks little: it trusts every role and answers every simple
 * query with an empty one, so that thousands of sessions need no server of that size. Arguments: where it listens.
 */

import { createServer, type Socket } from 'node:net';
import { greeting } from '../../gate/stub-backend.ts';
import { message } from '../../support/raw-messages.ts';

const [host = '127.0.0.1', port = '5432'] = process.argv.slice(2);

const query = 'Q'.charCodeAt(0);
const answer = Buffer.concat([message('I', Buffer.alloc(0)), message('Z', Buffer.from('I'))]);

/** Small messages on loopback arrive whole. */
const serve = (socket: Socket): void => {
  socket.setNoDelay(true).on('error', () => undefined);
  socket.once('data', () => {
    socket.write(greeting);
    socket.on('data', (chunk: Buffer) => {
      if (chunk[0] === query) socket.write(answer);
    });
  });
};

createServer(serve).listen({ port: Number(port), host, backlog: 4_096 }, () => process.send?.('listening'));
