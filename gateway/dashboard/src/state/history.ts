// A series over hours to a year: the columns of its chart.
import type {Bucket, History, HistoryGap} from '../api/history';
import {gapLimit} from './points';

export type Range = 'hour' | 'day' | 'week' | 'month' | 'year';
export const ranges: Range[] = ['hour', 'day', 'week', 'month', 'year'];
export const rangeHours: Record<Range, number> = {hour: 1, day: 24, week: 7 * 24, month: 30 * 24, year: 365 * 24};
export const historyPoints = 300; // about one for each pixel of a phone

/** As the gateway takes it: back from now. */
export function fromOf(range: Range): string {
  return `-${rangeHours[range]}h`;
}

/** How often a chart of that range has something new, at most each ten seconds. */
export function refreshMs(range: Range): number {
  return Math.max(10_000, (rangeHours[range] * 3_600_000) / historyPoints);
}

type Column = (number | null)[];
/** Seconds, minimum, maximum, mean. */
export type HistoryColumns = [number[], Column, Column, Column];

/** A null where readings are known to be missing between two buckets, or where they lie further apart than usual. */
export function historyColumns({buckets, gaps, width}: History): HistoryColumns {
  const columns: HistoryColumns = [[], [], [], []];
  const limit = Math.max(gapLimit(buckets.map(({time}) => ({time: Date.parse(time), value: 0}))), 1.5 * widthMs(width));
  let last = Infinity;
  for (const bucket of buckets) {
    const time = Date.parse(bucket.time);
    const end = last + widthMs(width); // of the bucket before
    const missing = gaps.some((gap) => Math.max(Date.parse(gap.from), end) < Math.min(Date.parse(gap.to), time));
    if (time - last > limit || missing) push(columns, end, null);
    push(columns, time, bucket);
    last = time;
  }
  return columns;
}

function push([times, low, high, mean]: HistoryColumns, timeMs: number, bucket: Bucket | null): void {
  times.push(timeMs / 1000);
  low.push(bucket?.min ?? null);
  high.push(bucket?.max ?? null);
  mean.push(bucket?.mean ?? null);
}

const unitMs: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000};

/** "1m" -> 60000 */
export function widthMs(width: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(width) ?? [];
  return count && unit ? Number(count) * unitMs[unit]! : 0;
}

export interface Facts {
  low: number;
  mean: number;
  high: number;
  count: number;
}

/** Of all buckets together; null: none has a number. */
export function factsOf(buckets: Bucket[]): Facts | null {
  let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const {min, mean, max, count: readings} of buckets) {
    if (min === undefined || mean === undefined || max === undefined) continue;
    low = Math.min(low, min);
    high = Math.max(high, max);
    sum += mean * readings;
    count += readings;
  }
  return count > 0 ? {low, mean: sum / count, high, count} : null;
}

/** Gaps that touch one another for the same reason are one to a reader. */
export function joinedGaps(gaps: HistoryGap[]): HistoryGap[] {
  const joined: HistoryGap[] = [];
  for (const gap of gaps) {
    const before = joined[joined.length - 1];
    if (!before || before.reason !== gap.reason || Date.parse(gap.from) > Date.parse(before.to)) joined.push({...gap});
    else {
      if (Date.parse(gap.to) > Date.parse(before.to)) before.to = gap.to;
      before.lost = before.lost && gap.lost ? before.lost + gap.lost : undefined;
    }
  }
  return joined;
}
