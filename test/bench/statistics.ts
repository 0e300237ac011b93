/** Numbers of several rounds, in one; and how people read them. */

/** @returns NaN of nothing */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** @param share 0.5 is the median; between two values, the one or the other nearest @returns NaN of nothing */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  const [below = Number.NaN, above = below] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (below + above) / 2;
};

/** Three digits that count: `0.0123`, `1.23`, `12.3`, `12300`. What is not known is a dash. */
export const inDigits = (value: number): string => {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  const unit = 10 ** (size - 2);
  return size >= 2 ? String(Math.round(value / unit) * unit) : value.toFixed(2 - size);
};
