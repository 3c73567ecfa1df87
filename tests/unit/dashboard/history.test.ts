import assert from 'node:assert/strict';
import test from 'node:test';

import type {Bucket, HistoryGap} from '~/api/history';
import {unforeseen} from '~/api/losses';
import {en} from '~/i18n/en';
import {factsOf, fromOf, historyColumns, joinedGaps, ranges, refreshMs, widthMs} from '~/state/history';

const at = (minute: number) => new Date(minute * 60_000).toISOString();
const bucket = (minute: number, mean: number): Bucket => ({time: at(minute), count: 2, min: mean - 1, mean, max: mean + 1, last: mean});
const history = (buckets: Bucket[], gaps: HistoryGap[] = []) => ({from: at(0), to: at(60), width: '1m', buckets, gaps});

test('buckets become a line and the edges of its band', () => {
  assert.deepEqual(historyColumns(history([bucket(0, 5), bucket(1, 6)])), [[0, 60], [4, 5], [6, 7], [5, 6]]);
});

test('the line breaks where buckets lie further apart than usual', () => {
  const [times, , , mean] = historyColumns(history([0, 1, 2, 9, 10].map((minute) => bucket(minute, 1))));
  assert.deepEqual(times, [0, 60, 120, 180, 540, 600]);
  assert.deepEqual(mean, [1, 1, 1, null, 1, 1]);
});

test('a series that is slower than the buckets keeps its line', () => {
  const [, , , mean] = historyColumns(history([0, 10, 20, 30].map((minute) => bucket(minute, 1))));
  assert.deepEqual(mean, [1, 1, 1, 1]);
});

test('the line breaks at a known gap, however short', () => {
  const gap = {from: at(12), to: at(18), reason: 'full'};
  const [times, low, high, mean] = historyColumns(history([0, 10, 20, 30].map((minute) => bucket(minute, 1)), [gap]));
  assert.deepEqual(times, [0, 600, 660, 1200, 1800]);
  for (const column of [low, high, mean]) assert.equal(column[2], null);
});

test('a gap beside buckets that all are there breaks nothing', () => {
  const gap = {from: at(0.5), to: at(1.5), reason: 'undecodable', lost: 1};
  assert.deepEqual(historyColumns(history([bucket(0, 1), bucket(1, 1), bucket(2, 1)], [gap]))[3], [1, 1, 1]);
});

test('facts weigh each bucket by its readings; text has none', () => {
  assert.deepEqual(factsOf([bucket(0, 1), {...bucket(1, 4), count: 4}]), {low: 0, mean: 3, high: 5, count: 6});
  assert.equal(factsOf([{time: at(0), count: 3, last: 'idle'}]), null);
  assert.equal(factsOf([]), null);
});

test('gaps that touch for the same reason are told as one', () => {
  const gaps = [{from: at(0), to: at(5), reason: 'expired', lost: 2}, {from: at(5), to: at(9), reason: 'expired', lost: 3},
    {from: at(9), to: at(10), reason: 'full'}, {from: at(20), to: at(30), reason: 'full'}];
  assert.deepEqual(joinedGaps(gaps).map(({from, to, lost}) => [from, to, lost]), [[at(0), at(9), 5], [at(9), at(10), undefined], [at(20), at(30), undefined]]);
  assert.equal(gaps[0]!.to, at(5), 'the answer stays as it was');
});

test('what retention let go is no alarm', () => {
  const loss = (reason: string, count: number) => ({where: 'log', reason, count, first: at(0), last: at(1)});
  assert.equal(unforeseen([loss('expired', 100), loss('full', 3), loss('thinned', 50), loss('undecodable', 2)]), 5);
});

test('widths are durations', () => {
  assert.deepEqual(['500ms', '12s', '1m', '2h', '1d', 'x'].map(widthMs), [500, 12_000, 60_000, 7_200_000, 86_400_000, 0]);
});

test('every range has its words, its start and a calm refresh', () => {
  for (const range of ranges) {
    assert.ok(en.history.ranges[range]);
    assert.match(fromOf(range), /^-\d+h$/);
    assert.ok(refreshMs(range) >= 10_000);
  }
});
