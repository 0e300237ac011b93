import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { SharedBufferIntake } from '../../src/gate/intake.ts';
import { pollUntil } from '../support/poll.ts';
import { makeCertificate } from './certificate-fixture.ts';

const open = new Set<Server | Socket>();

afterEach(() => {
  for (const each of open) 'destroy' in each ? each.destroy() : each.close();
  open.clear();
});

const listen = async (server: Server): Promise<number> => {
  open.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** A backend's side of one connection, and the gate's. */
const connected = async (): Promise<{ backend: Socket; intake: SharedBufferIntake }> => {
  const server = createTcpServer();
  const port = await listen(server);
  const intake = new SharedBufferIntake({ host: '127.0.0.1', port, allowHalfOpen: true });
  const [backend] = (await once(server, 'connection')) as [Socket];
  open.add(backend).add(intake.socket);
  return { backend, intake };
};

/** Copies of what was lent, as one text. */
const gather = (intake: SharedBufferIntake): (() => string) => {
  const parts: Buffer[] = [];
  intake.start((chunk) => parts.push(Buffer.from(chunk)));
  return () => Buffer.concat(parts).toString();
};

describe('an intake over the shared buffer', () => {
  it('is a stream until it starts, and hands over first what nobody has read', async () => {
    const { backend, intake } = await connected();
    backend.write('login, rest');
    await pollUntil(() => intake.socket.readableLength === 11);
    expect(String(intake.socket.read(5))).toBe('login');
    const taken = gather(intake);
    expect(taken()).toBe(', rest');
    backend.write(' and more');
    await pollUntil(() => taken() === ', rest and more');
  });

  it('keeps the bytes of two sockets apart', async () => {
    const [one, other] = [await connected(), await connected()];
    const [ofOne, ofOther] = [gather(one.intake), gather(other.intake)];
    for (let line = 0; line < 100; line++) {
      one.backend.write('1'.repeat(line));
      other.backend.write('2'.repeat(line));
    }
    await pollUntil(() => ofOne().length === 4950 && ofOther().length === 4950);
    expect(ofOne()).toMatch(/^1+$/);
    expect(ofOther()).toMatch(/^2+$/);
  });

  it('takes nothing while its socket is paused, and all of it afterwards', async () => {
    const { backend, intake } = await connected();
    const taken = gather(intake);
    intake.socket.pause();
    const long = 'x'.repeat(20_000_000);
    backend.write(long);
    await pollUntil(() => backend.writableLength > 0 && backend.bytesWritten > 0);
    expect(taken()).toBe('');
    intake.socket.resume();
    await pollUntil(() => taken().length === long.length);
  });

  it('lets its source finish when it has stopped', async () => {
    const { backend, intake } = await connected();
    const taken = gather(intake);
    intake.stop();
    backend.end('x'.repeat(1_000_000));
    await once(intake.socket, 'end');
    expect(taken()).toBe('');
  });
});

/** What makes lending right: no documentation of Node says so. */
describe('a TLS stream that has nothing to wait for', () => {
  it('has taken what is written before write returns, though its peer reads nothing', async () => {
    const { cert, key } = await makeCertificate({ commonName: 'localhost', authority: null });
    const server = createTlsServer({ cert, key });
    const port = await listen(server);
    const client = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const [stream] = (await once(server, 'secureConnection')) as [TLSSocket];
    open.add(client).add(stream);
    const lent = Buffer.allocUnsafeSlow(1 << 18);
    let written = 0;
    const writeOne = (): void => {
      lent.fill(written % 251);
      stream.write(lent);
      lent.fill(255);
      written += 1;
    };
    // Until it is full, and once more whenever it is not: small and large writes, with and without a peer that reads.
    while (stream.writableLength === 0) writeOne();
    let read = 0;
    const wrong: number[] = [];
    client.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte !== Math.floor(read++ / lent.length) % 251) wrong.push(read);
    });
    while (written < 64) {
      if (stream.writableLength === 0) writeOne();
      else await once(stream, 'drain');
    }
    await pollUntil(() => read === written * lent.length);
    expect(wrong).toEqual([]);
  });
});
