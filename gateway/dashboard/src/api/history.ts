import {askJson} from './http';
import type {Value} from './types';

export interface Bucket {
  time: string;
  count: number;
  min?: number; // absent where no value is a number
  mean?: number;
  max?: number;
  last: Value;
}

/** A time in which readings are missing, and why. */
export interface HistoryGap {
  from: string;
  to: string;
  reason: string;
  lost?: number;
}

export interface History {
  from: string;
  to: string;
  width: string;
  unit?: string;
  buckets: Bucket[];
  gaps: HistoryGap[];
}

export function loadHistory(device: string, metric: string, from: string, points: number, signal: AbortSignal): Promise<History> {
  return askJson<History>(`${address(device, metric, from)}&points=${points}`, {signal});
}

/** Every reading of that time as a file for a spreadsheet. */
export function fileAddress(device: string, metric: string, from: string): string {
  return `${address(device, metric, from)}&points=0&format=csv`;
}

function address(device: string, metric: string, from: string): string {
  return `v1/history?device=${encodeURIComponent(device)}&metric=${encodeURIComponent(metric)}&from=${from}`;
}
