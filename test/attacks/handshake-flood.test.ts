import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { expect, it } from 'vitest';
import { gateUnderTest } from '../gate/gate-fixture.ts';
import { query } from '../support/raw-login.ts';

const gate = gateUnderTest();
/** Of these many at a time each begins its next handshake when it has finished one. */
const width = 40;

/** One full handshake in direct TLS, and gone. */
const handshake = (options: ConnectionOptions): Promise<void> =>
  new Promise((resolve) => {
    const socket = tlsConnect({ ...options, port: gate.postern.port, ALPNProtocols: ['postgresql'] });
    socket.on('secureConnect', () => socket.destroy()).on('error', () => undefined);
    socket.on('close', () => resolve());
  });

/** @returns the function that ends it and tells how many handshakes there were */
const flood = (options: ConnectionOptions): (() => Promise<number>) => {
  let flooding = true;
  let handshakes = 0;
  const each = async () => {
    while (flooding) {
      await handshake(options);
      handshakes += 1;
    }
  };
  const all = Array.from({ length: width }, each);
  return async () => {
    flooding = false;
    await Promise.all(all);
    return handshakes;
  };
};

it.each([
  ['without certificates', () => gate.tlsOptions({ cert: undefined, key: undefined })],
  ['with certificates', () => gate.tlsOptions()],
])(
  'handshakes without end, %s, keep neither a session from its work nor a client out',
  async (_name, options) => {
    const { client: working } = await gate.loggedIn();
    const stop = flood({ ...options(), servername: 'localhost' });
    let handshakes = 0;
    try {
      for (let turn = 0; turn < 20; turn += 1) {
        expect(await query(working, `SELECT ${turn}, count(*) FROM places.towns`)).toEqual([
          [String(turn), '500'],
        ]);
        if (turn % 5 === 0) (await gate.loggedIn()).client.close();
      }
    } finally {
      handshakes = await stop();
    }
    expect(handshakes).toBeGreaterThan(width);
    working.close();
    await gate.atRest();
  },
);
