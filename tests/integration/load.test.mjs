// Many clients of every kind at once, each of which verifies that it gets all readings, once and in order.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { load, startMosquitto } from '../bench/load/servers.mjs';
import { bin, patience, run, startGateway } from './harness.mjs';

test('200 clients of all four kinds get every reading, once and in order', async () => {
  const gateway = await startGateway();
  const options = {
    '--port': gateway.port,
    '--token': await gateway.token('viewer'),
    '--clients': 'sse=50,ndjson=50,websocket=50,long-poll=50',
    '--publish': 50,
    '--publish-token': await gateway.token('ingest'),
    '--warm-up': 0,
    '--seconds': 3,
    '--patience': 20 * patience,
  };
  const words = Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
  const { stdout, stderr } = await run(join(bin, 'bench-load'), words, { timeoutMs: 120_000 });
  assert.notEqual(stdout, '', stderr);
  const { connected, closed, published, verified, lost, repeated, out_of_order, wrong_ids } = JSON.parse(stdout);
  assert.deepEqual({ connected, closed, lost, repeated, out_of_order, wrong_ids }, { connected: 200, closed: 0, lost: 0, repeated: 0, out_of_order: 0, wrong_ids: 0 });
  assert.ok(published > 0);
  assert.equal(verified, 200 * published);
});

test('50 subscribers of a broker, an anchor of the benchmarks, get every message over MQTT on WebSocket', async () => {
  const broker = await startMosquitto();
  const result = await load(broker, { '--clients': 'mqtt=50', '--publish': 50, '--warm-up': 0, '--seconds': 1, '--patience': 20 * patience });
  assert.deepEqual([result.connected, result.closed, result.lost, result.repeated, result.out_of_order], [50, 0, 0, 0, 0]);
  assert.ok(result.published > 0);
  assert.equal(result.verified, 50 * result.published);
});

test('in step, as many readings are published as were asked for, each when all have the one before', async () => {
  const gateway = await startGateway();
  const server = { port: gateway.port, pid: gateway.pid, options: { '--token': await gateway.token(), '--publish-token': await gateway.token('ingest') } };
  const result = await load(server, { '--clients': 'sse=10,long-poll=10', '--in-step': 40, '--batch': 1, '--patience': 20 * patience });
  assert.deepEqual([result.published, result.verified, result.lost, result.repeated, result.out_of_order], [40, 800, 0, 0, 0]);
});

test('more connections than files that a process may have at first are served; where the hard limit is too low, that is said', async () => {
  const gateway = await startGateway({ under: ['prlimit', '--nofile=100:20000'] });
  const { connected, closed, lost } = await load(
    { port: gateway.port, pid: gateway.pid, options: { '--token': await gateway.token(), '--publish-token': await gateway.token('ingest') } },
    { '--clients': 'sse=150', '--in-step': 10, '--batch': 1, '--patience': 20 * patience },
  );
  assert.deepEqual({ connected, closed, lost }, { connected: 150, closed: 0, lost: 0 });
  assert.doesNotMatch(gateway.log, /open files/);
  await gateway.stop();
  const short = await startGateway({ under: ['prlimit', '--nofile=100:2000'] });
  assert.match(short.log, /server\.connections_max: 12000 connections need 12320 open files, and only 2000 are allowed: about 1680 connections/);
});
