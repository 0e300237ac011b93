import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApi } from '../../src/web/api.ts';

type Answer = (response: ServerResponse) => void;

const created: Answer = (response) => response.writeHead(201).end('{"text":"secret"}');
const lost: Answer = (response) => response.destroy();
const cutOff: Answer = (response) => {
  response.writeHead(201, { 'content-length': 100 }).write('{"te');
  setImmediate(() => response.destroy());
};
const refused =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(JSON.stringify({ code, detail: code }));

/** A console that gives these answers, one after the other, and then the last one again and again. */
const listen = async (...answers: readonly [Answer, ...Answer[]]) => {
  const asked: IncomingMessage[] = [];
  const waits: number[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? answers[0];
    asked.push(request);
    request.resume().on('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createApi(null, () => undefined, {
    fetch: (path, request) => fetch(origin + path, request),
    wait: async (ms) => void waits.push(ms),
  });
  const keys = () => asked.map(({ headers }) => headers['idempotency-key']);
  return { asked, waits, api, keys };
};

it('what the page asks by itself says so', async () => {
  const { asked, api } = await listen((response) => response.end('{}'));
  await api.get('/sessions');
  await api.poll('/sessions');
  expect(asked.map(({ headers }) => headers['postern-background'])).toEqual([undefined, '1']);
});

describe('what is created', () => {
  it.each([
    ['is lost', lost, 1_000],
    ['is cut off', cutOff, 1_000],
    ['comes from a proxy that got none', refused(502, ''), 1_000],
    ['says that a database is away', refused(503, 'unavailable', { 'retry-after': '3' }), 3_000],
    ['comes from a proxy that waited too long', refused(504, ''), 1_000],
    ['says that the first is still running', refused(409, 'still-running', { 'retry-after': '1' }), 1_000],
  ])('is asked for again with the same key when the answer %s', async (_, answer, waitMs) => {
    const { api, keys, waits } = await listen(answer, created);
    expect(await api.create(new Map(), '/api-keys', { name: 'k' })).toEqual({ text: 'secret' });
    const [first, second, ...others] = keys();
    expect([first, second, others]).toEqual([expect.stringMatching(/^[\da-f-]{36}$/), first, []]);
    expect(waits).toEqual([waitMs]);
  });

  it('is asked for a few times, and after that with the same key when the person tries again', async () => {
    const { api, keys, waits } = await listen(lost, lost, lost, lost, created);
    const form = new Map();
    await expect(api.create(form, '/api-keys', { name: 'k' })).rejects.toThrow(TypeError);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    await api.create(form, '/api-keys', { name: 'k' });
    expect(new Set(keys()).size).toBe(1);
  });

  it('has another key when it is something else, comes from another form, or is made once more', async () => {
    const { api, keys } = await listen(refused(409, 'conflict'), created);
    const form = new Map();
    await expect(api.create(form, '/api-keys', { name: 'taken' })).rejects.toThrow('conflict');
    await api.create(form, '/api-keys', { name: 'k' });
    await api.create(form, '/api-keys', { name: 'k' });
    await api.create(new Map(), '/api-keys', { name: 'k' });
    expect(new Set(keys()).size).toBe(4);
  });
});
