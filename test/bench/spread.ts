/** Samples of one figure, with what is printed of them. */
export interface Spread {
  readonly samples: readonly number[];
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    samples,
    min: sorted[0] ?? Number.NaN,
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** `median (min–max)`, or the one sample. */
export function shown({ samples, min, median, max }: Spread, digits = 0): string {
  if (samples.length === 0) return "–";
  if (samples.length === 1) return `${median.toFixed(digits)} (n = 1)`;
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** `a / b` of the medians. */
export function ratio(a: Spread | undefined, b: Spread | undefined): string {
  if (a === undefined || b === undefined) return "–";
  const value = a.median / b.median;
  return Number.isFinite(value) ? `${value.toFixed(2)} ×` : "–";
}
