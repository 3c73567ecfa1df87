// The page is served from the gateway alone, under a strict content security policy: no inline code, no data: URLs,
// relative addresses (it works behind a path prefix), everything compressed beforehand.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {constants, gzipSync} from 'node:zlib';
import {defineConfig, type Plugin} from 'vite';

const bytesMax = 120 * 1024; // of all files, as sent

function compress(dist: string): Plugin {
  return {
    name: 'weir-compress',
    apply: 'build',
    closeBundle() {
      let sent = 0;
      for (const file of files(dist)) {
        const content = readFileSync(file);
        const compressed = gzipSync(content, {level: constants.Z_BEST_COMPRESSION});
        const smaller = compressed.length < content.length;
        if (smaller) writeFileSync(`${file}.gz`, compressed);
        sent += smaller ? compressed.length : content.length;
      }
      console.log(`dashboard: ${(sent / 1024).toFixed(1)} KiB of ${bytesMax / 1024} KiB`);
      if (sent > bytesMax) throw new Error(`the dashboard is ${sent} bytes compressed, the limit is ${bytesMax}`);
    },
  };
}

function files(directory: string): string[] {
  return readdirSync(directory, {withFileTypes: true}).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

export default defineConfig({
  base: './',
  build: {
    target: 'es2020',
    assetsInlineLimit: 0,
    modulePreload: {polyfill: false},
    reportCompressedSize: false,
  },
  esbuild: {jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none'},
  server: {proxy: {'/v1': process.env.WEIR_URL ?? 'http://127.0.0.1:8080', '/readyz': process.env.WEIR_URL ?? 'http://127.0.0.1:8080'}},
  plugins: [compress('dist')],
});
