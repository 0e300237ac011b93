import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildMessage, cString } from '../../src/wire/bytes.ts';
import { BackendToClientFrames, ClientToBackendFrames } from '../../src/wire/frames.ts';
import { bytes, cutInto, everyCut, hex } from './feed.ts';

const ready = (status: string): Buffer => buildMessage('Z', bytes(status));
const query = (text: string): Buffer => buildMessage('Q', cString(text));
const sync = buildMessage('S');
const terminate = buildMessage('X');

/** What one simple query brings back: RowDescription, DataRow, CommandComplete, ReadyForQuery. */
const answer = bytes(
  hex('54 00000021 0001 3f636f6c756d6e3f00 00000000 0000 00000017 0004 ffffffff 0000'),
  hex('44 0000000b 0001 00000001 31'),
  buildMessage('C', cString('SELECT 1')),
  ready('T'),
);

const stateOfBackend = (tracker: BackendToClientFrames) => ({
  atBoundary: tracker.atBoundary,
  broken: tracker.broken,
  readies: tracker.readies,
  transactionStatus: String.fromCharCode(tracker.transactionStatus),
});

const stateOfClient = ({ atBoundary, broken, expectedReadies, terminateSeen }: ClientToBackendFrames) => ({
  atBoundary,
  broken,
  expectedReadies,
  terminateSeen,
});

const pushAll = <Tracker extends { push(chunk: Buffer): void }>(
  tracker: Tracker,
  chunks: readonly Buffer[],
): Tracker => {
  for (const chunk of chunks) tracker.push(chunk);
  return tracker;
};

describe('from backend to client', () => {
  test('nothing has passed: at a boundary, in no known transaction', () => {
    const tracker = new BackendToClientFrames();
    expect([tracker.atBoundary, tracker.readies, tracker.transactionStatus]).toEqual([true, 0, 0]);
  });

  test('ReadyForQuery is counted and its status kept, however the stream is cut', () => {
    const stream = bytes(answer, ready('E'), buildMessage('N', cString('x')), ready('I'), answer);
    for (const chunks of everyCut(stream)) {
      expect(stateOfBackend(pushAll(new BackendToClientFrames(), chunks))).toEqual({
        atBoundary: true,
        broken: false,
        readies: 4,
        transactionStatus: 'T',
      });
    }
  });

  test('a Z inside a row is not ReadyForQuery', () => {
    const tracker = pushAll(new BackendToClientFrames(), [buildMessage('D', ready('I'), ready('I'))]);
    expect(tracker.readies).toBe(0);
  });

  test('ReadyForQuery counts when it is complete and not before', () => {
    const tracker = new BackendToClientFrames();
    tracker.push(ready('I').subarray(0, 5));
    expect([tracker.readies, tracker.atBoundary]).toEqual([0, false]);
    tracker.push(bytes('I'));
    expect([tracker.readies, tracker.atBoundary]).toEqual([1, true]);
  });

  test('a row of 1 GB passes without being held', () => {
    const tracker = new BackendToClientFrames();
    const chunk = Buffer.alloc(1 << 20);
    tracker.push(hex('44 3fffffff'));
    for (let left = 0x3fffffff - 4; left > 0; left -= chunk.length) {
      expect(tracker.atBoundary).toBe(false);
      tracker.push(chunk.subarray(0, Math.min(left, chunk.length)));
    }
    expect([tracker.atBoundary, tracker.broken]).toEqual([true, false]);
  });
});

describe('from client to backend', () => {
  test.each([
    ['two simple queries', [query('select 1'), query('select 2')], 2],
    ['a function call', [buildMessage('F', Buffer.alloc(10))], 1],
    [
      'an extended query',
      [buildMessage('P', bytes('\0select 1\0'), hex('0000')), buildMessage('B'), buildMessage('E'), sync],
      1,
    ],
    [
      'an extended query with Flush instead of Sync',
      [buildMessage('P'), buildMessage('E'), buildMessage('H')],
      0,
    ],
    ['two Syncs in a row', [buildMessage('E'), sync, sync], 2],
    [
      'COPY FROM STDIN by a simple query',
      [query('copy'), buildMessage('d', ready('I')), buildMessage('c')],
      1,
    ],
    [
      'COPY FROM STDIN by libpq, extended',
      [buildMessage('E'), sync, buildMessage('d'), buildMessage('c'), sync],
      1,
    ],
    [
      'the same, given up',
      [buildMessage('E'), sync, buildMessage('d'), buildMessage('f', bytes('no\0')), sync],
      1,
    ],
    [
      'COPY FROM STDIN with one Sync at the end',
      [buildMessage('E'), buildMessage('d'), buildMessage('c'), sync],
      1,
    ],
    [
      'queries around a COPY',
      [query('a'), sync, buildMessage('E'), sync, buildMessage('c'), sync, query('b')],
      4,
    ],
  ])('%s is answered by the right number of ReadyForQuery', (_, messages, expected) => {
    for (const chunks of everyCut(bytes(...messages))) {
      expect(stateOfClient(pushAll(new ClientToBackendFrames(), chunks))).toEqual({
        atBoundary: true,
        broken: false,
        expectedReadies: expected,
        terminateSeen: false,
      });
    }
  });

  test('Terminate is seen when it is complete', () => {
    for (const chunks of everyCut(bytes(query('x'), terminate))) {
      const tracker = new ClientToBackendFrames();
      for (const chunk of chunks) {
        expect(tracker.terminateSeen).toBe(false);
        tracker.push(chunk);
        if (tracker.terminateSeen) break;
      }
      expect(tracker.terminateSeen).toBe(true);
    }
  });
});

describe('a stream that is not made of frames', () => {
  test.each(['44 00000003', '44 00000000', '44 40000000', '44 7fffffff', '44 80000000', '44 ffffffff'])(
    '%s breaks the tracker for good, however it is cut',
    (header) => {
      const stream = bytes(ready('I'), hex(header), ready('T'), Buffer.alloc(20));
      for (const chunks of everyCut(stream)) {
        const tracker = pushAll(new BackendToClientFrames(), chunks);
        expect(stateOfBackend(tracker)).toEqual({
          atBoundary: false,
          broken: true,
          readies: 1,
          transactionStatus: 'I',
        });
        expect(tracker.bytesToBoundary(ready('I'))).toBe(-1);
      }
    },
  );
});

describe('the way to the next boundary', () => {
  const stream = bytes(answer, terminate, answer);
  /** Where frames end, found the slow way. */
  const ends = (() => {
    const found = [0];
    for (let at = 0; at < stream.length; found.push(at)) at += 1 + stream.readInt32BE(at + 1);
    return found;
  })();

  test('is told for every chunk at every place of a stream', () => {
    for (let start = 0; start <= stream.length; start++) {
      for (let end = start; end <= stream.length; end++) {
        const tracker = pushAll(new BackendToClientFrames(), [stream.subarray(0, start)]);
        const boundary = ends.find((at) => at >= start) ?? Number.NaN;
        const expected = boundary <= end ? boundary - start : -1;
        expect(tracker.bytesToBoundary(stream.subarray(start, end))).toBe(expected);
      }
    }
  });

  test('is a question only: it changes nothing, and cutting there is at a boundary', () => {
    for (let start = 0; start <= stream.length; start++) {
      const tracker = pushAll(new BackendToClientFrames(), [stream.subarray(0, start)]);
      const rest = stream.subarray(start);
      const leading = tracker.bytesToBoundary(rest);
      expect(tracker.bytesToBoundary(rest)).toBe(leading);
      tracker.push(rest.subarray(0, leading));
      expect([tracker.atBoundary, tracker.bytesToBoundary(rest.subarray(leading))]).toEqual([true, 0]);
    }
  });

  test('is unknown in a header that makes no sense', () => {
    const tracker = pushAll(new BackendToClientFrames(), [hex('44 ff')]);
    expect(tracker.bytesToBoundary(hex('ffffff 00000000'))).toBe(-1);
  });
});

describe('properties', () => {
  const frame = fc
    .tuple(fc.constantFrom(...'QSFXEcfdHPZDCN'), fc.uint8Array({ maxLength: 40 }))
    .map(([type, body]) => buildMessage(type, Buffer.from(body)));
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 });

  test('the result does not depend on how the stream is cut, whatever the bytes', () => {
    const garbage = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), garbage, sizes, (frames, tail, pieces) => {
        const stream = bytes(...frames, tail);
        const chunks = cutInto(stream, pieces);
        expect(stateOfBackend(pushAll(new BackendToClientFrames(), chunks))).toEqual(
          stateOfBackend(pushAll(new BackendToClientFrames(), [stream])),
        );
        expect(stateOfClient(pushAll(new ClientToBackendFrames(), chunks))).toEqual(
          stateOfClient(pushAll(new ClientToBackendFrames(), [stream])),
        );
      }),
    );
  });

  test('whole frames end at a boundary, and nothing else does', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), fc.nat({ max: 1000 }), (frames, cut) => {
        const stream = bytes(...frames);
        const ends = new Set<number>([0]);
        for (const [index] of frames.entries()) ends.add(bytes(...frames.slice(0, index + 1)).length);
        const at = cut % (stream.length + 1);
        const tracker = pushAll(new BackendToClientFrames(), [stream.subarray(0, at)]);
        expect(tracker.atBoundary).toBe(ends.has(at));
      }),
    );
  });
});
