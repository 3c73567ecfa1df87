import assert from 'node:assert/strict';
import test, {afterEach, beforeEach} from 'node:test';

import {Stream} from '~/api/stream';
import type {StreamRecord} from '~/api/types';

class FakeSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = FakeSource.CONNECTING;
  onopen = () => {};
  onerror = () => {};
  readonly listeners = new Map<string, (event: unknown) => void>();

  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }
  addEventListener(kind: string, listener: (event: unknown) => void) {
    this.listeners.set(kind, listener);
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
  opens() {
    this.readyState = FakeSource.OPEN;
    this.onopen();
  }
  fails(state: number) {
    this.readyState = state;
    this.onerror();
  }
  tells(record: object, lastEventId: string) {
    this.listeners.get('reading')!({data: JSON.stringify(record), lastEventId});
  }
}

let timers: {run: () => void; ms: number}[];
let seen: string[];
let records: StreamRecord[];
let stream: Stream;
const real = {setTimeout: globalThis.setTimeout, EventSource: globalThis.EventSource, random: Math.random, now: Date.now};
const last = () => FakeSource.all[FakeSource.all.length - 1]!;

beforeEach(() => {
  timers = [];
  seen = [];
  records = [];
  FakeSource.all = [];
  Object.assign(globalThis, {EventSource: FakeSource, setTimeout: (run: () => void, ms: number) => timers.push({run, ms})});
  Math.random = () => 0.5;
  stream = new Stream({
    record: (record) => void records.push(record),
    up: () => void seen.push('up'),
    down: () => void seen.push('down'),
    refused: () => void seen.push('refused'),
  });
  stream.open();
});

afterEach(() => {
  Object.assign(globalThis, {setTimeout: real.setTimeout, EventSource: real.EventSource});
  Math.random = real.random;
  Date.now = real.now;
});

test('asks once for readings, devices and commands, beginning with a snapshot', () => {
  assert.equal(FakeSource.all.length, 1);
  const query = new URL(last().url, 'http://gateway').searchParams;
  assert.equal(query.get('kinds'), 'reading,device,command');
  assert.equal(query.get('snapshot'), '1');
  assert.equal(query.get('after'), null);
});

test('lets the browser resume by itself', () => {
  last().opens();
  last().fails(FakeSource.CONNECTING);
  last().opens();
  assert.deepEqual(seen, ['up', 'down', 'up']);
  assert.equal(FakeSource.all.length, 1);
});

test('opens again after the last cursor when the browser gave up, with growing pauses', () => {
  last().opens();
  last().tells({kind: 'reading', seq: 7}, 'e-7');
  last().fails(FakeSource.CLOSED);
  assert.deepEqual(seen, ['up', 'down', 'refused']);
  for (const ms of [1000, 2000, 4000, 8000, 15_000, 15_000]) {
    const timer = timers.pop()!;
    assert.equal(timer.ms, ms);
    timer.run();
    assert.equal(new URL(last().url, 'http://gateway').searchParams.get('after'), 'e-7');
    last().fails(FakeSource.CLOSED);
  }
  timers.pop()!.run();
  last().opens();
  last().fails(FakeSource.CLOSED);
  assert.equal(timers.pop()!.ms, 1000, 'success forgets the pauses');
});

test('a silent connection is replaced when the gateway is in doubt, a talking one is not', () => {
  last().opens();
  stream.doubt(15_000);
  assert.equal(FakeSource.all.length, 1);
  Date.now = () => real.now() + 20_000;
  stream.doubt(15_000);
  assert.equal(FakeSource.all.length, 2);
  assert.deepEqual(seen, ['up', 'down']);
});

test('records come as they were sent', () => {
  last().opens();
  last().tells({kind: 'reading', seq: 1, device: 'a', metric: 'b', value: 1}, 'e-1');
  assert.deepEqual(records, [{kind: 'reading', seq: 1, device: 'a', metric: 'b', value: 1}]);
});
