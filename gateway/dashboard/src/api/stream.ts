// The one live connection: an EventSource that always comes back.
//
// It resumes by itself (Last-Event-ID); where the browser gives up (an HTTP error) or does not notice that the line is
// dead, it is opened again after the last cursor, with growing pauses.
import type {StreamRecord} from './types';

const kinds = ['reading', 'device', 'command'];
const pauseMinMs = 1000;
const pauseMaxMs = 15_000;
// A phone that slept wants the newest values, not the backlog; and no more of them than it can show.
const parameters = `kinds=${kinds.join(',')}&snapshot=1&lag=latest&every=100ms`;

export interface StreamEvents {
  record(record: StreamRecord): void;
  up(): void;
  down(): void;
  refused(): void; // the gateway answered, but not with a stream: perhaps signed out
}

export class Stream {
  private source: EventSource | null = null;
  private cursor = '';
  private pauseMs = pauseMinMs;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heardAt = 0;

  constructor(private readonly events: StreamEvents) {}

  open(): void {
    this.close();
    const after = this.cursor ? `&after=${encodeURIComponent(this.cursor)}` : '';
    const source = new EventSource(`v1/stream?${parameters}${after}`);
    source.onopen = () => this.opened();
    source.onerror = () => this.failed();
    for (const kind of [...kinds, 'gap']) source.addEventListener(kind, (event) => this.take(event as MessageEvent<string>));
    this.source = source;
  }

  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** The gateway does not answer other questions: a connection that is silent as well is dead. */
  doubt(silenceMs: number): void {
    if (this.source?.readyState !== EventSource.OPEN || Date.now() - this.heardAt < silenceMs) return;
    this.events.down();
    this.open();
  }

  private opened(): void {
    this.pauseMs = pauseMinMs;
    this.heardAt = Date.now();
    this.events.up();
  }

  private take(event: MessageEvent<string>): void {
    this.heardAt = Date.now();
    if (event.lastEventId) this.cursor = event.lastEventId;
    this.events.record(JSON.parse(event.data) as StreamRecord);
  }

  private failed(): void {
    this.events.down();
    if (this.source?.readyState !== EventSource.CLOSED) return;
    this.events.refused();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.pauseMs * (0.75 + Math.random() / 2));
    this.pauseMs = Math.min(this.pauseMs * 2, pauseMaxMs);
  }
}
