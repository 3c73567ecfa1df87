// gateway/systemd/weir.service: strict enough, and nothing in it stands in the gateway's way. systemd itself does not run here: what the
// gateway asks of the kernel while it serves is recorded, and held against what the unit allows.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Ws, bin, mqttToml, root, run, serialToml, startGateway, startMosquitto, startNode, waitFor } from './harness.mjs';

const unitFile = join(root, 'gateway/systemd/weir.service');
const unit = readFileSync(unitFile, 'utf8').split('\n').filter((line) => /^[A-Z]/.test(line)).map((line) => line.match(/^(\w+)=(.*)$/).slice(1));
const values = (key) => unit.filter(([name]) => name === key).map(([, value]) => value);
const list = (key) => values(key).join(' ').split(/\s+/).filter(Boolean);

test('its exposure is 2.0 at most', async () => {
  const { code, stdout } = await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', '--no-pager', unitFile]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /Overall exposure level for weir\.service: [01]\.\d|2\.0 OK/);
});

test('systemd understands every line of it', async () => {
  const { stderr } = await run('systemd-analyze', ['verify', unitFile]);
  const rest = stderr.split('\n').filter((line) => line && !/\/usr\/bin\/weir is not executable/.test(line) && line.includes('weir.service'));
  assert.deepEqual(rest, []);
});

test('it may open as many files as connections_max and what else is open need', async () => {
  const config = await startGateway({ start: false });
  const { stdout } = await config.weir('run', '--print-config');
  const connections = Number(stdout.match(/^connections_max = (\d+)$/m)[1]);
  assert.ok(Number(values('LimitNOFILE')[0]) >= connections + 320);
});

/** The system calls that the filter lets through, sets resolved. */
async function allowedCalls() {
  const resolve = async (name) => {
    if (!name.startsWith('@')) return [name];
    const { stdout } = await run('systemd-analyze', ['--no-pager', 'syscall-filter', name]);
    const names = stdout.split('\n').slice(1).map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
    return (await Promise.all(names.map(resolve))).flat();
  };
  const allowed = new Set();
  for (const value of values('SystemCallFilter')) {
    const without = value.startsWith('~');
    const names = await Promise.all(value.replace('~', '').split(/\s+/).map(resolve));
    for (const name of names.flat()) without ? allowed.delete(name) : allowed.add(name);
  }
  return allowed;
}

/** What a gateway with a broker, a serial node, TLS, a client and a reload asks of the kernel, as [call, arguments, result]. */
async function recorded() {
  const broker = await startMosquitto();
  const node = await startNode({ serial: 'pty', id: 'bench-1', rate: 5 });
  const port = await node.path();
  const gateway = await startGateway({ toml: mqttToml(broker) + serialToml(port), start: false });
  const trace = join(gateway.folder, 'calls');
  gateway.under = ['strace', '-f', '-qq', '-v', '-s', '256', '-o', trace];
  await gateway.start({ until: '/healthz' });
  const ws = await Ws.open(gateway, 'snapshot=1');
  await ws.until(1, 30_000);
  const tracer = gateway.child;
  const [pid] = readFileSync(`/proc/${tracer.pid}/task/${tracer.pid}/children`, 'utf8').trim().split(' ').map(Number);
  process.kill(pid, 'SIGHUP');
  await waitFor(() => gateway.log.includes('readers were started anew'), 'the reload', 30_000);
  process.kill(pid, 'SIGTERM');
  await waitFor(() => !tracer.running, 'the gateway to stop', 30_000);
  const lines = readFileSync(trace, 'utf8').split('\n');
  const calls = lines.map((line) => line.match(/^\d+ +(\w+)\((.*)$/)).filter(Boolean).map(([, name, rest]) => [name, rest]);
  return { gateway, port, calls: calls.slice(calls.findIndex(([name, rest]) => name === 'execve' && rest.includes('/weir"')) + 1) };
}

test('what it asks of the kernel is what it may', { timeout: 120_000 }, async () => {
  const { gateway, port, calls } = await recorded();
  assert.ok(calls.length > 500, `${calls.length} calls`);

  const allowed = await allowedCalls();
  allowed.add('fchown'); // SQLite, when it is root: the unit's user never is
  const refused = new Set(calls.map(([name]) => name).filter((name) => !allowed.has(name)));
  assert.deepEqual([...refused], [], 'SystemCallFilter');

  const families = new Set(calls.filter(([name]) => name === 'socket').map(([, rest]) => rest.match(/^(AF_\w+)/)[1]));
  assert.deepEqual([...families].filter((family) => !list('RestrictAddressFamilies').includes(family)), [], 'RestrictAddressFamilies');

  const both = calls.filter(([name, rest]) => /^(mmap|mprotect|pkey_mprotect)$/.test(name) && /PROT_WRITE\|PROT_EXEC/.test(rest));
  assert.deepEqual(both, [], 'MemoryDenyWriteExecute');

  const written = calls.filter(([name, rest]) => name === 'openat' && /O_WRONLY|O_RDWR|O_CREAT/.test(rest) && !/= -1/.test(rest));
  const paths = new Set(written.map(([, rest]) => rest.match(/"([^"]*)"/)[1]));
  const elsewhere = [...paths].filter((path) => !path.startsWith(join(gateway.folder, 'data')) && path !== port && path !== '/dev/null');
  assert.deepEqual(elsewhere, [], 'ProtectSystem=strict');
  assert.ok(paths.size > 2, [...paths].join(' '));
});

test('its state and its programs are where the unit looks for them', () => {
  assert.deepEqual(values('ExecStart'), ['/usr/bin/weir run --config /etc/weir/weir.toml']);
  assert.ok(statSync(join(bin, 'weir')).mode & 0o111);
  assert.deepEqual([values('StateDirectory'), values('User')], [['weir'], ['weir']]);
});
