/** The frame tracker, in pieces as the kernel and TLS hand them over: frames begin and end anywhere in them. */

import { test } from 'vitest';
import { BackendToClientFrames, ClientToBackendFrames, type FrameTracker } from '../../../src/wire/frames.ts';
import { message } from '../../support/raw-messages.ts';
import { cutInto } from '../../wire/feed.ts';
import { measure, megabytesPerSecond, nanoseconds } from './measure.ts';

/** What one read of the backend's socket brings at most, and one TLS record of the client's. */
const backendPieceBytes = 65_536;
const clientPieceBytes = 16_384;

const dataRow = (bytes: number): Buffer => message('D', Buffer.alloc(bytes - 5));
const copyData = (bytes: number): Buffer => message('d', Buffer.alloc(bytes - 5));

const repeated = (frame: Buffer, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => frame));

/** What an extended-protocol client sends for each point query. */
const pointQuery = Buffer.concat([
  message('B', Buffer.alloc(40)),
  message('D', Buffer.alloc(2)),
  message('E', Buffer.alloc(5)),
  message('S', Buffer.alloc(0)),
]);

const pushing = (frames: FrameTracker, pieces: readonly Buffer[]) => () => {
  for (const piece of pieces) frames.push(piece);
};

const streams = [
  {
    what: 'frame tracker, rows of 20 bytes',
    frames: () => new BackendToClientFrames(),
    pieces: cutInto(repeated(dataRow(20), 200_000), [backendPieceBytes]),
  },
  {
    what: 'frame tracker, rows of 200 bytes',
    frames: () => new BackendToClientFrames(),
    pieces: cutInto(repeated(dataRow(200), 20_000), [backendPieceBytes]),
  },
  {
    what: 'frame tracker, rows of 8 KB',
    frames: () => new BackendToClientFrames(),
    pieces: cutInto(repeated(dataRow(8_192), 5_000), [backendPieceBytes]),
  },
  {
    what: 'frame tracker, COPY data of 64 KB from the client',
    frames: () => new ClientToBackendFrames(),
    pieces: cutInto(repeated(copyData(65_536), 600), [clientPieceBytes]),
  },
];

test.for(streams)('$what', async ({ what, frames, pieces }, { bench }) => {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  await measure(bench, what, pushing(frames(), pieces), megabytesPerSecond(bytes));
});

test('both ways of a point query', async ({ bench }) => {
  const times = 10_000;
  const asked = new ClientToBackendFrames();
  const answered = new BackendToClientFrames();
  const answer = Buffer.concat([
    message('2', Buffer.alloc(0)),
    dataRow(20),
    message('C', Buffer.from('SELECT 1\0')),
    message('Z', Buffer.from('I')),
  ]);
  const queries = () => {
    for (let time = 0; time < times; time += 1) {
      asked.push(pointQuery);
      answered.push(answer);
    }
  };
  await measure(bench, 'frame tracker, both ways of a point query', queries, nanoseconds(times));
});
