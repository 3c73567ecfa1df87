import {askJson} from './http';
import type {DeviceInfo, Page, ReadingRecord} from './types';

const pagesMax = 10;
const pageRecords = 10_000;

export async function listDevices(): Promise<DeviceInfo[]> {
  return (await askJson<{devices: DeviceInfo[]}>('v1/devices')).devices;
}

export function describeDevice(device: string): Promise<DeviceInfo> {
  return askJson<DeviceInfo>(`v1/devices/${encodeURIComponent(device)}`);
}

/** The readings of one series since a time, oldest first, a page at a time. */
export async function loadReadings(
  device: string, metric: string, since: number, signal: AbortSignal, take: (readings: ReadingRecord[]) => void,
): Promise<void> {
  const filter = `kinds=reading&devices=${glob(device)}&metrics=${glob(metric)}&limit=${pageRecords}`;
  let from = `since=${new Date(since).toISOString()}`;
  for (let pages = 0; pages < pagesMax; ++pages) {
    const page: Page = await askJson<Page>(`v1/stream?${filter}&${from}`, {signal});
    take(page.records.filter((r): r is ReadingRecord => r.kind === 'reading' && r.device === device && r.metric === metric));
    if (!page.more) return;
    from = `after=${encodeURIComponent(page.cursor)}`;
  }
}

/** A filter term is a glob in a comma-separated list: a comma in a name can only be asked for as "any character". */
function glob(name: string): string {
  return encodeURIComponent(name.replace(/,/g, '?'));
}
