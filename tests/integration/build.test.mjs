// What was built: hardened against memory faults, and with a bill of materials that tells of all that is linked.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { bin, root, run, temporaryFolder } from './harness.mjs';

const weir = join(bin, 'weir');
const bomFile = join(bin, '../weir.cdx.json');
const bom = () => JSON.parse(readFileSync(bomFile, 'utf8'));
const property = (component, name) => component.properties.filter((one) => one.name === `weir:${name}`).map(({ value }) => value);
const use = (components, name) => components.filter((component) => property(component, 'use')[0] === name);

test('programs are hardened', async () => {
  const { code, stdout } = await run(join(root, '.ci/hardening'), [weir, join(bin, 'weir-node')]);
  assert.equal(code, 0, stdout);
});

test('a program that is not is told so, for each of its faults', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'weak.c'), 'int main(void) { return 0; }\n');
  const flags = ['-no-pie', '-Wl,-z,norelro,-z,lazy,-z,execstack', '-fno-stack-protector', '-Wl,-rpath,/nowhere'];
  assert.equal((await run('cc', [...flags, join(folder, 'weak.c'), '-o', join(folder, 'weak')])).code, 0);
  const { code, stdout } = await run(join(root, '.ci/hardening'), [join(folder, 'weak')]);
  assert.equal(code, 1);
  for (const fault of ['position-independent', 'no RELRO', 'binds late', 'stack that can be run', 'RPATH', 'no stack protector', 'no fortified'])
    assert.match(stdout, new RegExp(fault));
  assert.equal((await run(join(root, '.ci/hardening'), [join(folder, 'absent')])).code, 1);
});

/** The files that the dynamic linker loads for a program, by the name that they are asked for. */
async function linked(program) {
  const { stdout } = await run('ldd', [program]);
  return stdout.split('\n').map((line) => line.trim().split(' ')[0]).filter((name) => name && !name.startsWith('linux-vdso')).map((name) => basename(name));
}

const notIn = (components, files) => files.filter((file) => !components.some((component) => property(component, 'file').includes(file)));

test('each library that is linked, or loaded at run time, is in the bill of materials', async () => {
  const { components } = bom();
  const files = [...(await linked(weir)), 'libwebsockets-evlib_ev.so'];
  assert.ok(files.length > 10, files.join(' '));
  assert.deepEqual(notIn(components, files), []);
  const without = components.filter(({ name }) => !name.startsWith('libwebsockets1'));
  assert.deepEqual(notIn(without, files), files.filter((file) => /^libwebsockets\.so/.test(file)), 'a missing one is seen');
});

test('each part of it has a version, a licence and a row in the documentation', () => {
  const { components } = bom();
  const documented = readFileSync(join(root, 'gateway/docs/dependencies.md'), 'utf8');
  for (const component of components) {
    assert.ok(component.version, component.name);
    assert.equal(component.licenses.length, 1, `${component.name} has no licence: toolchains/sbom.cmake`);
    const name = (property(component, 'source')[0] ?? component.name).replace(/-\d+$/, '');
    assert.ok(documented.includes(`\`${name}\``), `gateway/docs/dependencies.md does not name \`${name}\``);
  }
});

test('what the dashboard bundles is in it, and what only builds it is not', () => {
  const lock = JSON.parse(readFileSync(join(root, 'gateway/dashboard/package-lock.json'), 'utf8'));
  const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path && !dev).map(([path, { version }]) => `${path.replace('node_modules/', '')}@${version}`);
  const told = use(bom().components, 'bundled').map(({ name, version }) => `${name}@${version}`);
  assert.ok(shipped.length >= 3);
  assert.deepEqual(told.sort(), shipped.sort());
  assert.ok(use(bom().components, 'compiled-in').some(({ name }) => name === 'nlohmann-json3-dev'));
});

test('it is CycloneDX, every part named once, and the same for the same build', async () => {
  const { bomFormat, specVersion, serialNumber, metadata, components, dependencies } = bom();
  assert.deepEqual([bomFormat, specVersion, metadata.component.name], ['CycloneDX', '1.5', 'weir']);
  assert.match(serialNumber, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const refs = components.map((component) => component['bom-ref']);
  assert.equal(new Set(refs).size, refs.length);
  assert.deepEqual(dependencies, [{ ref: 'weir', dependsOn: refs }]);

  const folder = temporaryFolder();
  const write = async (name, epoch) => {
    const words = ['-D', `PROGRAM=${weir}`, '-D', 'HEADERS=nlohmann-json3-dev', '-D', `LOCK=${root}/gateway/dashboard/package-lock.json`, '-D', 'VERSION=0.1.0'];
    const { code, stderr } = await run('cmake', [...words, '-D', `OUTPUT=${join(folder, name)}`, '-P', join(root, 'toolchains/sbom.cmake')],
      { env: { SOURCE_DATE_EPOCH: epoch }, timeoutMs: 120_000 });
    assert.equal(code, 0, stderr);
    return readFileSync(join(folder, name), 'utf8');
  };
  const first = await write('a', '1700000000');
  assert.equal(await write('b', '1700000000'), first);
  assert.equal(JSON.parse(first).metadata.timestamp, '2023-11-14T22:13:20Z');
  assert.notEqual(JSON.parse(await write('c', '1700000001')).serialNumber, JSON.parse(first).serialNumber);
});
