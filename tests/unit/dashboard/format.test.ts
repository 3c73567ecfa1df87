import assert from 'node:assert/strict';
import test from 'node:test';

import {formatAge, freshness} from '~/format/age';
import {decimalsOf, formatNumber, formatValue} from '~/format/numbers';
import {prettyUnit} from '~/format/units';
import {en} from '~/i18n/en';
import {ko} from '~/i18n/ko';

test('an age counts seconds, then minutes, hours and days', () => {
  const age = (ms: number) => formatAge(ms, en.age);
  assert.equal(age(0), 'now');
  assert.equal(age(1999), 'now');
  assert.equal(age(2000), '2 s ago');
  assert.equal(age(119_999), '119 s ago');
  assert.equal(age(120_000), '2 min ago');
  assert.equal(age(7_200_000), '2 h ago');
  assert.equal(age(172_800_000), '2 d ago');
  assert.equal(formatAge(12_000, ko.age), '12초 전');
});

test('a value is late after two of its intervals and old after twenty', () => {
  assert.equal(freshness(19_000, 10_000, 'online'), 'fresh');
  assert.equal(freshness(21_000, 10_000, 'online'), 'late');
  assert.equal(freshness(201_000, 10_000, 'online'), 'old');
});

test('a fast series is not called late for a hiccup', () => {
  assert.equal(freshness(4_900, 100, 'online'), 'fresh');
  assert.equal(freshness(5_100, 100, 'online'), 'late');
});

test('what an offline device said last is old at once', () => assert.equal(freshness(100, 1000, 'offline'), 'old'));

test('a series heard once gets a minute', () => {
  assert.equal(freshness(59_000, undefined, 'discovered'), 'fresh');
  assert.equal(freshness(61_000, undefined, 'discovered'), 'late');
});

test('SenML units read as people write them, unknown ones as they are', () => {
  assert.equal(prettyUnit('Cel'), '°C');
  assert.equal(prettyUnit('%RH'), '%');
  assert.equal(prettyUnit('furlong'), 'furlong');
  assert.equal(prettyUnit('constructor'), 'constructor');
  assert.equal(prettyUnit(undefined), '');
});

test('decimals are those the number needs, three at most', () => {
  assert.equal(decimalsOf(21), 0);
  assert.equal(decimalsOf(21.3), 1);
  assert.equal(decimalsOf(0.1 + 0.2), 1);
  assert.equal(decimalsOf(1 / 3), 3);
});

test('a number keeps the decimals that its series has shown', () => {
  assert.equal(formatNumber(21.3, 2, 'en'), '21.30');
  assert.equal(formatNumber(21.349999999, 0, 'en'), '21.35');
  assert.equal(formatNumber(-0.5, 0, 'en'), '-0.5');
});

test('a number has six digits at most, and small ones keep theirs', () => {
  assert.equal(formatNumber(152_460.608, 3, 'en'), '152,461');
  assert.equal(formatNumber(12_143.729, 3, 'en'), '12,143.7');
  assert.equal(formatNumber(0.000428, 3, 'en'), '0.000428');
  assert.equal(formatNumber(1.5e-9, 0, 'en'), '1.50e-9');
  assert.equal(formatNumber(6.02e23, 0, 'en'), '6.02e+23');
  assert.equal(formatNumber(0, 0, 'en'), '0');
});

test('truth and text are values too', () => {
  assert.equal(formatValue(true, 0, 'en', en), 'true');
  assert.equal(formatValue(false, 0, 'ko', ko), '거짓');
  assert.equal(formatValue('open', 0, 'en', en), 'open');
});
