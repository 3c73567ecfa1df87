import assert from 'node:assert/strict';
import test from 'node:test';

import type {CommandRecord, ReadingRecord, Value} from '~/api/types';
import {parseArguments} from '~/state/arguments';
import {follow, Model, plottable} from '~/state/model';
import {addPoint, columns, gapLimit, lonely, type Point} from '~/state/points';
import {codeIn, formatRoute, parseRoute} from '~/state/route';

const start = Date.parse('2026-11-21T10:00:00Z');
let seq = 0;

function reading(seconds: number, value: Value, more: Partial<ReadingRecord> = {}): ReadingRecord {
  return {kind: 'reading', seq: ++seq, time: new Date(start + seconds * 1000).toISOString(), device: 'boiler', metric: 'temperature', value, ...more};
}

function command(state: CommandRecord['state'], id = 'c1'): CommandRecord {
  return {kind: 'command', seq: ++seq, time: '2026-11-21T10:00:00Z', id, device: 'boiler', name: 'set', args: {}, state, by: 'me', deadline: ''};
}

const newest = (model: Model) => model.devices.get('boiler')?.series.get('temperature')?.newest.value;

test('nothing is shown before the frame, then the newest of each series', () => {
  const model = new Model();
  model.take(reading(0, 20));
  model.take(reading(1, 21));
  assert.equal(model.names.value.length, 0);
  assert.ok(model.dirty);
  model.flush();
  assert.deepEqual(model.names.value, ['boiler']);
  assert.equal(newest(model)?.record.value, 21);
  assert.ok(!model.dirty);
});

test('a late reading of the backlog does not replace a newer one', () => {
  const model = new Model();
  model.take(reading(10, 30));
  model.flush();
  model.take(reading(5, 25, {backlog: true}));
  model.flush();
  assert.equal(newest(model)?.record.value, 30);
});

test('two late readings in one frame leave the newer', () => {
  const model = new Model();
  model.take(reading(10, 30));
  model.take(reading(5, 25, {backlog: true}));
  model.flush();
  assert.equal(newest(model)?.record.value, 30);
});

test('times with unequal fractions are compared as times, not as text', () => {
  const model = new Model();
  model.take({...reading(0, 1), time: '2026-11-21T10:00:00.5Z'});
  model.take({...reading(0, 2), time: '2026-11-21T10:00:00Z'});
  model.flush();
  assert.equal(newest(model)?.record.value, 1);
});

test('the interval of a series is learnt', () => {
  let at = follow(undefined, reading(0, 1));
  assert.equal(at.intervalMs, undefined);
  for (let second = 2; second <= 20; second += 2) at = follow(at, reading(second, 1));
  assert.ok(Math.abs(at.intervalMs! - 2000) < 1);
});

test('devices are sorted as people count', () => {
  const model = new Model();
  for (const device of ['node-10', 'node-2', 'node-1']) model.setDevice({device, state: 'online', reader: 'field'});
  assert.deepEqual(model.names.value, ['node-1', 'node-2', 'node-10']);
});

test('a command moves forward only, wherever the news comes from', () => {
  const model = new Model();
  model.take(command('sent'));
  model.take(command('succeeded'));
  model.flush();
  model.setCommand(command('queued'));
  assert.equal(model.commands.value.length, 1);
  assert.equal(model.commands.value[0]?.state, 'succeeded');
});

test('commands are the newest 200, newest first', () => {
  const model = new Model();
  for (let n = 0; n < 250; ++n) model.setCommand(command('queued', `c${n}`));
  assert.equal(model.commands.value.length, 200);
  assert.equal(model.commands.value[0]?.id, 'c249');
});

test('a list of commands goes below those that it does not know yet, and takes none back', () => {
  const model = new Model();
  model.setCommand(command('succeeded', 'c2'));
  model.setCommand(command('queued', 'c3'));
  model.setCommands([command('failed', 'c1'), command('sent', 'c2')]);
  assert.deepEqual(model.commands.value.map(({id, state}) => [id, state]), [['c3', 'queued'], ['c2', 'succeeded'], ['c1', 'failed']]);
});

test('text and bad values have no point', () => {
  assert.equal(plottable(reading(0, 'open')), null);
  assert.equal(plottable(reading(0, 5, {quality: 'bad'})), null);
  assert.equal(plottable(reading(0, true)), 1);
});

test('points stay in order, once each, within the window and the limit', () => {
  const points: Point[] = [];
  for (const time of [1000, 3000, 2000, 3000]) addPoint(points, {time, value: time});
  assert.deepEqual(points.map(({time}) => time), [1000, 2000, 3000]);
  addPoint(points, {time: 16 * 60_000, value: 0});
  assert.equal(points.length, 1);
  for (let time = 0; time < 1000; ++time) addPoint(points, {time: 16 * 60_000 + time, value: 0}, 100);
  assert.ok(points.length <= 100 && points.length > 80, String(points.length));
  assert.equal(points[points.length - 1]!.time, 16 * 60_000 + 999);
});

test('a gap breaks the line', () => {
  const points = [0, 1000, 2000, 9000, 10_000].map((time) => ({time, value: 1}));
  assert.equal(gapLimit(points), 3000);
  assert.deepEqual(columns(points, 3000), [[0, 1, 2, 2.001, 9, 10], [1, 1, 1, null, 1, 1]]);
});

test('a point between two gaps gets a dot', () => {
  assert.deepEqual(lonely([1, null, 2, null, 3, 4, null, 5]), [0, 2, 7]);
});

test('a route survives its own text', () => {
  for (const device of ['boiler-1', 'a/b c', '50%', '보일러']) {
    const route = {view: 'chart', device, metric: 'x/y'} as const;
    assert.deepEqual(parseRoute(formatRoute(route)), route);
  }
  assert.deepEqual(parseRoute(formatRoute({view: 'losses'})), {view: 'losses'});
  assert.deepEqual(parseRoute('#/chart/%E0%A4%A/x'), {view: 'devices'});
});

test('only a whole one-time code is taken from the address', () => {
  assert.equal(codeIn('#code=1234-5678'), '1234-5678');
  assert.equal(codeIn('#code=12345678'), '12345678');
  assert.equal(codeIn('#code=1234-56789'), null);
  assert.equal(codeIn('#/chart/code=1234-5678'), null);
});

test('arguments are checked against their declaration before anything is sent', () => {
  const declared = {name: 'set', args: {
    target: {type: 'number', min: 0, max: 90}, count: {type: 'integer', required: false}, on: {type: 'boolean', required: false},
  }} as const;
  assert.deepEqual(parseArguments(declared, {target: '21.5', on: 'false'}), {args: {target: 21.5, on: false}, faults: {}});
  assert.deepEqual(parseArguments(declared, {target: '21,5'}).args, {target: 21.5});
  assert.deepEqual(parseArguments(declared, {}).faults, {target: 'required'});
  assert.deepEqual(parseArguments(declared, {target: '91'}).faults, {target: 'range'});
  assert.deepEqual(parseArguments(declared, {target: 'hot', count: '1.5'}).faults, {target: 'notANumber', count: 'notWhole'});
});
