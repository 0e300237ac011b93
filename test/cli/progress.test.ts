import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { progressLines, withProgressBar } from '../../src/cli/progress.ts';

test('in a log a line is written for every tenth, the last one included', () => {
  const lines: string[] = [];
  const onProgress = progressLines('things', (text) => lines.push(text));
  for (let done = 1; done <= 95; done += 1) onProgress(done, 95);
  expect(lines).toHaveLength(10);
  expect(lines[0]).toBe('things: 10 of 95\n');
  expect(lines.at(-1)).toBe('things: 95 of 95\n');
});

/** As much of a terminal as a bar needs. */
const createScreen = () => {
  const written: string[] = [];
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  screen.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  return { screen, text: () => written.join('') };
};

test('on a screen a bar moves, ends with its line, and lets the result pass', async () => {
  const { screen, text } = createScreen();
  const result = await withProgressBar('things', screen, async (onProgress) => {
    onProgress(1, 2);
    onProgress(2, 2);
    return 'done';
  });
  expect(result).toBe('done');
  expect(text()).toContain('things [====');
  expect(text()).toContain('2 of 2');
  expect(text()).toMatch(/\n$/);
});

test('on a screen a failure leaves the bar where it was, and nothing that goes on moving', async () => {
  const { screen, text } = createScreen();
  const failing = withProgressBar('things', screen, async (onProgress) => {
    onProgress(1, 2);
    throw new Error('no more');
  });
  await expect(failing).rejects.toThrow('no more');
  expect(text()).toContain('1 of 2');
  expect(text()).toMatch(/\n$/);
});
