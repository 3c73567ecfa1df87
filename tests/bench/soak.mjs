// 10,000 clients of all four kinds on one gateway, a record a second to each, for ten minutes: what is lost (nothing may be) and what
// it takes. WEIR_BENCH_SECONDS: how long; WEIR_BENCH_CLIENTS: how many.
import { hardLimitOfDescriptors, load, startWeir } from './load/servers.mjs';

const seconds = Number(process.env.WEIR_BENCH_SECONDS ?? 600);
const wanted = Number(process.env.WEIR_BENCH_CLIENTS ?? 10_000);
const shares = { sse: 0.4, websocket: 0.3, ndjson: 0.2, 'long-poll': 0.1 };
const spare = 200; // descriptors of the gateway that are no clients, and more than it has

/** Each client is a descriptor in the gateway and one in the load generator; Node has raised the soft limit to the hard one for both. */
async function possible() {
  const clients = Math.min(wanted, (await hardLimitOfDescriptors()) - spare);
  if (clients < wanted) console.log(`only ${clients} clients instead of ${wanted}: the hard limit of open files (ulimit -Hn) has to be ${wanted + spare}`);
  return clients;
}

export async function measure() {
  const clients = await possible();
  const mixture = Object.entries(shares).map(([kind, share]) => [kind, Math.floor(clients * share)]);
  const count = mixture.reduce((sum, [, each]) => sum + each, 0);
  console.log(`  ${mixture.map(([kind, each]) => `${each} ${kind}`).join(', ')}, for ${seconds} s …`);
  const options = { '--clients': mixture.map((each) => each.join('=')).join(','), '--publish': 1, '--warm-up': 0, '--seconds': seconds, '--patience': 30 };
  const result = await load(await startWeir(), options, { timeoutMs: (seconds + 300) * 1000 });
  const wrong = result.lost + result.repeated + result.out_of_order + result.wrong_ids + result.closed;
  const whole = count === 10_000;
  const expected = result.published * count;
  const megabytes = (bytes) => bytes / 1e6;
  return [
    { name: `clients that stayed, of ${count}`, value: result.connected - result.closed, unit: 'clients', goal: `≥ ${count}` },
    { name: `records delivered and verified, of ${result.published} × ${count}`, value: result.verified, unit: 'records', goal: `≥ ${expected}` },
    { name: `lost ${result.lost}, repeated ${result.repeated}, out of order ${result.out_of_order}, wrong ids ${result.wrong_ids}, cut ${result.closed}`, value: wrong, unit: 'faults', goal: '≤ 0' },
    { name: 'resident at the start', value: megabytes(result.resident_before), unit: 'MB' },
    { name: 'resident when all are connected', value: megabytes(result.resident_connected), unit: 'MB' },
    { name: 'resident at its highest', value: megabytes(result.resident_peak), unit: 'MB', ...(whole && { goal: '≤ 45' }) },
    { name: 'CPU, of one core', value: 100 * result.cpu_share, unit: '%' },
    { name: 'CPU per delivered record', value: result.cpu_us_per_record, unit: 'µs' },
    { name: 'p50', value: result.p50_ms, unit: 'ms' },
    { name: 'p99', value: result.p99_ms, unit: 'ms' },
  ];
}
