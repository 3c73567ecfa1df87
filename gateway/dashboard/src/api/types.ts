// What the gateway says: records and documents of the /v1 API, as far as the page uses them.

export type Value = number | boolean | string;
export type Quality = 'good' | 'stale' | 'uncertain' | 'bad';
export type DeviceState = 'online' | 'offline' | 'discovered';
export type CommandState = 'queued' | 'sent' | 'succeeded' | 'failed' | 'expired' | 'cancelled' | 'unknown';
export type Role = 'viewer' | 'operator' | 'admin' | 'ingest';

export interface Session {
  name: string;
  role: Role;
  csrf_token?: string;
  setup?: boolean; // there is no user yet: this session may make the first
}

interface RecordBase {
  seq: number;
  time: string;
  device: string;
}

export interface ReadingRecord extends RecordBase {
  kind: 'reading';
  metric: string;
  value: Value;
  unit?: string;
  quality?: Quality;
  backlog?: boolean;
}

export interface DeviceRecord extends RecordBase {
  kind: 'device';
  state: DeviceState;
  reader: string;
}

export interface CommandRecord extends RecordBase, Command {
  kind: 'command';
}

/** Sent instead of records that the log no longer holds. */
export interface GapRecord {
  kind: 'gap';
  lost: number;
  reason: string;
}

export type StreamRecord = ReadingRecord | DeviceRecord | CommandRecord | GapRecord;

export interface Command {
  id: string;
  device: string;
  name: string;
  args: Record<string, Value>;
  state: CommandState;
  by: string;
  deadline: string;
  result?: unknown;
  error?: string;
}

export interface DeviceInfo {
  device: string;
  state: DeviceState;
  reader: string;
  commands?: DeclaredCommand[];
}

export interface DeclaredArgument {
  type: 'number' | 'integer' | 'boolean' | 'string' | 'enum';
  min?: number;
  max?: number;
  unit?: string;
  values?: string[];
  required?: boolean;
}

export interface DeclaredCommand {
  name: string;
  args: Record<string, DeclaredArgument>;
  dangerous?: boolean;
  state_metric?: string;
}

export interface Page {
  cursor: string;
  records: StreamRecord[];
  more: boolean;
}
