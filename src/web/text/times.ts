/** Times in words, and words as times. Pure: the clock is an argument, in epoch milliseconds. */

const dayMs = 86_400_000;
const units = [
  ['year', 365 * dayMs],
  ['month', 30 * dayMs],
  ['day', dayMs],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

/** "3 minutes ago", "in 12 days", "just now". */
export function relativeTime(iso: string, nowMs: number): string {
  const differenceMs = Date.parse(iso) - nowMs;
  for (const [unit, lengthMs] of units) {
    if (Math.abs(differenceMs) >= lengthMs) {
      return relative.format(Math.round(differenceMs / lengthMs), unit);
    }
  }
  return differenceMs > 0 ? 'in less than a minute' : 'just now';
}

/** "17 Jun 2025, 14:03" on the clock of this computer. */
export const exactTime = (iso: string): string => dateAndTime.format(Date.parse(iso));

/** "17 Jun 2025". */
export const dateText = (iso: string): string => dateOnly.format(Date.parse(iso));

/** Whether something that ends then has ended; null never ends. */
export const isPast = (iso: string | null, nowMs: number): boolean =>
  iso !== null && Date.parse(iso) <= nowMs;

/** Whole days until then, 0 on the last one. */
export const daysUntil = (iso: string, nowMs: number): number =>
  Math.max(0, Math.floor((Date.parse(iso) - nowMs) / dayMs));

/** How long before its end a certificate should be followed by another. */
export const warnBeforeDays = 30;

/** How long something lasts: for good, for a duration such as `8h` or `30d`, or through a day (`2026-03-01`). */
export type Lasting =
  | { readonly kind: 'for-good' }
  | { readonly kind: 'duration'; readonly text: string }
  | { readonly kind: 'date'; readonly day: string };

/**
 * As the API takes it: the same words are the same request, whenever they are sent. A day counts to its end on the
 * clock of this computer.
 * @throws RangeError when the day is none
 */
export function expiryOf(lasting: Lasting): { expiresAt: string | null } | { expiresIn: string } {
  switch (lasting.kind) {
    case 'for-good':
      return { expiresAt: null };
    case 'duration':
      return { expiresIn: lasting.text };
    case 'date':
      return { expiresAt: new Date(`${lasting.day}T23:59:59`).toISOString() };
    default:
      return lasting satisfies never;
  }
}

/** The day of a moment, for a date field on the clock of this computer. */
export function dayOf(epochMs: number): string {
  const moment = new Date(epochMs);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** "42 ms", "3.2 s", "12 min". */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return milliseconds < 7_200_000
    ? `${Math.round(milliseconds / 60_000)} min`
    : `${Math.round(milliseconds / 3_600_000)} h`;
}
