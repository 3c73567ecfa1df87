// The last minutes of one series: bounded in time and in number.
export interface Point {
  time: number; // ms
  value: number;
}

export const windowMs = 15 * 60_000;
export const pointsMax = 20_000;

/** Inserts by time; the same time again replaces. Drops what is older than the window, and the oldest beyond the limit. */
export function addPoint(points: Point[], point: Point, limit = pointsMax): void {
  let at = points.length;
  while (at > 0 && points[at - 1]!.time > point.time) --at;
  if (at > 0 && points[at - 1]!.time === point.time) points[at - 1] = point;
  else points.splice(at, 0, point);
  trim(points, points[points.length - 1]!.time - windowMs, limit);
}

function trim(points: Point[], from: number, limit: number): void {
  let drop = points.length > limit ? points.length - limit + (limit >> 3) : 0; // an eighth at once: it moves all others
  while (drop < points.length && points[drop]!.time < from) ++drop;
  if (drop > 0) points.splice(0, drop);
}

/** Columns for the chart (seconds, values); a null between points that lie further apart than `gapMs` breaks the line. */
export function columns(points: Point[], gapMs: number): [number[], (number | null)[]] {
  const times: number[] = [];
  const values: (number | null)[] = [];
  let last = Infinity;
  for (const {time, value} of points) {
    if (time - last > gapMs) {
      times.push((last + 1) / 1000);
      values.push(null);
    }
    times.push(time / 1000);
    values.push(value);
    last = time;
  }
  return [times, values];
}

/** Points without a neighbour: no line goes through them, they need a dot to be seen. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const alone = (at: number) => values[at] != null && values[at - 1] == null && values[at + 1] == null;
  return Array.from({length: values.length}, (_, at) => at).filter(alone);
}

/** A pause is a gap when it is three times as long as usual (the median), and a second at least. */
export function gapLimit(points: Point[]): number {
  const pauses = points.slice(1).map((point, index) => point.time - points[index]!.time);
  if (pauses.length === 0) return Infinity;
  pauses.sort((a, b) => a - b);
  return Math.max(1000, 3 * pauses[pauses.length >> 1]!);
}
