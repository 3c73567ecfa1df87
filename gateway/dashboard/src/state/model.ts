// Devices, their series and commands, as the records tell it. Each has its own signal: a new value renders one row.
import {batch, signal} from '@preact/signals';

import type {Command, CommandRecord, DeclaredCommand, DeviceInfo, DeviceRecord, DeviceState, ReadingRecord, StreamRecord} from '../api/types';
import {decimalsOf} from '../format/numbers';
import {addPoint, type Point} from './points';

const devicesMax = 10_000;
const seriesMax = 20_000; // of all devices; further ones are counted and not shown
const commandsMax = 200;  // the newest
const recentPoints = 240; // kept of each series, so that a chart opens with a line

export interface Newest {
  record: ReadingRecord;
  timeMs: number;
  intervalMs?: number; // learnt
  decimals: number;
}

export class SeriesModel {
  readonly newest;
  readonly points: Point[] = [];
  watcher: ((record: ReadingRecord) => void) | null = null; // an open chart

  constructor(readonly device: string, readonly metric: string, first: ReadingRecord) {
    this.newest = signal<Newest>(follow(undefined, first));
  }
}

export class DeviceModel {
  readonly state = signal<DeviceState>('discovered');
  readonly reader = signal('');
  readonly metrics = signal<string[]>([]);
  readonly commands = signal<DeclaredCommand[]>([]);
  readonly series = new Map<string, SeriesModel>();

  constructor(readonly name: string) {}
}

/** A late record of the backlog never replaces a newer value. */
export function follow(old: Newest | undefined, record: ReadingRecord): Newest {
  const timeMs = Date.parse(record.time);
  if (old && timeMs < old.timeMs) return old;
  const step = old ? timeMs - old.timeMs : 0;
  const intervalMs = step > 0 ? (old?.intervalMs === undefined ? step : 0.8 * old.intervalMs + 0.2 * step) : old?.intervalMs;
  const decimals = typeof record.value === 'number' ? decimalsOf(record.value) : 0;
  return {record, timeMs, intervalMs, decimals: Math.max(old?.decimals ?? 0, decimals)};
}

export class Model {
  readonly devices = new Map<string, DeviceModel>();
  readonly names = signal<string[]>([]); // of devices, sorted
  readonly commands = signal<Command[]>([]); // newest first
  readonly hidden = signal(0); // series beyond the limit
  private seriesCount = 0;
  private readonly pending = new Map<string, ReadingRecord>();
  private readonly pendingOther: (DeviceRecord | CommandRecord)[] = [];

  /** Takes a record in; nothing is shown before flush(). Memory while waiting: one record a series. */
  take(record: StreamRecord): void {
    if (record.kind === 'gap') return;
    if (record.kind !== 'reading') return void this.pendingOther.push(record);
    this.remember(record);
    const key = JSON.stringify([record.device, record.metric]);
    const waiting = this.pending.get(key);
    if (!waiting || Date.parse(waiting.time) <= Date.parse(record.time)) this.pending.set(key, record);
  }

  get dirty(): boolean {
    return this.pending.size + this.pendingOther.length > 0;
  }

  flush(): void {
    batch(() => {
      for (const record of this.pendingOther.splice(0)) {
        if (record.kind === 'device') this.setDevice(record);
        else this.setCommand(record);
      }
      for (const record of this.pending.values()) this.setReading(record);
      this.pending.clear();
    });
  }

  setDevice(told: DeviceInfo | DeviceRecord): void {
    const model = this.device(told.device);
    if (!model) return;
    model.state.value = told.state;
    model.reader.value = told.reader;
    if ('commands' in told) model.commands.value = told.commands ?? [];
  }

  setCommand(command: Command): void {
    const others = this.commands.value.filter(({id}) => id !== command.id);
    const known = others.length < this.commands.value.length;
    const list = known ? this.commands.value.map((old) => (old.id === command.id ? newer(old, command) : old)) : [command, ...others];
    this.commands.value = list.slice(0, commandsMax);
  }

  /** A device's commands as the gateway lists them, oldest first; those it does not list (yet) stay above. */
  setCommands(listed: Command[]): void {
    const ids = new Set(listed.map(({id}) => id));
    const known = new Map(this.commands.value.map((command) => [command.id, command]));
    const merged = listed.map((command) => newer(known.get(command.id) ?? command, command)).reverse();
    this.commands.value = [...this.commands.value.filter(({id}) => !ids.has(id)), ...merged].slice(0, commandsMax);
  }

  clear(): void {
    this.devices.clear();
    this.names.value = [];
    this.commands.value = [];
    this.seriesCount = 0;
    this.pending.clear();
    this.pendingOther.length = 0;
  }

  private device(name: string): DeviceModel | undefined {
    const known = this.devices.get(name);
    if (known || this.devices.size >= devicesMax) return known;
    const model = new DeviceModel(name);
    this.devices.set(name, model);
    this.names.value = [...this.names.value, name].sort(byName);
    return model;
  }

  private setReading(record: ReadingRecord): void {
    const device = this.device(record.device);
    if (!device) return;
    const series = device.series.get(record.metric);
    if (series) series.newest.value = follow(series.newest.value, record);
    else this.addSeries(device, record);
  }

  private addSeries(device: DeviceModel, record: ReadingRecord): void {
    if (this.seriesCount >= seriesMax) return void ++this.hidden.value;
    ++this.seriesCount;
    const series = new SeriesModel(record.device, record.metric, record);
    device.series.set(record.metric, series);
    device.metrics.value = [...device.metrics.value, record.metric].sort(byName);
    keep(series, record);
  }

  private remember(record: ReadingRecord): void {
    const series = this.devices.get(record.device)?.series.get(record.metric);
    if (!series) return;
    keep(series, record);
    series.watcher?.(record);
  }
}

function keep(series: SeriesModel, record: ReadingRecord): void {
  const value = plottable(record);
  if (value !== null) addPoint(series.points, {time: Date.parse(record.time), value}, recentPoints);
}

/** Text has no place on an axis; a value that its source calls bad is a gap. */
export function plottable({value, quality}: ReadingRecord): number | null {
  if (typeof value === 'string' || quality === 'bad') return null;
  return Number(value);
}

const steps: Command['state'][] = ['queued', 'sent'];
/** A state never goes back: the answer to POST may arrive after the stream has told more. */
function newer(old: Command, command: Command): Command {
  const rank = (state: Command['state']) => (steps.includes(state) ? steps.indexOf(state) : steps.length);
  return rank(command.state) >= rank(old.state) ? command : old;
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', {numeric: true});
}
