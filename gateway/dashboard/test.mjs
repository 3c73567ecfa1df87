// Runs the unit tests of the page's functions: npm test. They live in tests/unit/dashboard/ and need no browser.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {build} from 'esbuild';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const tests = resolve(here, '../../tests/unit/dashboard');
const out = mkdtempSync(join(tmpdir(), 'weir-dashboard-'));
try {
  const entryPoints = readdirSync(tests).filter((name) => name.endsWith('.test.ts')).map((name) => join(tests, name));
  await build({entryPoints, outdir: out, outExtension: {'.js': '.mjs'}, bundle: true, platform: 'node', format: 'esm', target: 'node18',
    alias: {'~': join(here, 'src')}, nodePaths: [join(here, 'node_modules')], logLevel: 'warning'});
  const files = entryPoints.map((path) => join(out, path.slice(tests.length + 1).replace(/\.ts$/, '.mjs')));
  process.exitCode = spawnSync(process.execPath, ['--test', ...files], {stdio: 'inherit'}).status ?? 1;
} finally {
  rmSync(out, {recursive: true, force: true});
}
