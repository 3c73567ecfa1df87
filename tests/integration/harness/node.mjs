// weir-node, the reference node, and its pseudo-terminal.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, bin, temporaryFolder, waitFor } from './process.mjs';

class Node extends Child {
  /** With `--serial pty`: the path of the terminal that the gateway opens; weir-node prints it first. */
  async path() {
    return waitFor(() => (this.assertRunning(), this.stdout.match(/^(\/dev\/pts\/\d+)\n/)?.[1]), 'the path of the pty');
  }
}

/** `startNode({serial: 'pty', id: 'bench-1', rate: 5, channels: 2, faults: 7})`; each member is an option of weir-node. */
export async function startNode(options) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const node = new Node(join(bin, 'weir-node'), args, { title: 'weir-node' });
  if (options.serial === 'pty') await node.path();
  return node;
}

export const replayBegins = Date.parse('2026-01-01T00:00:00Z');

/** A file for `replay`: the values 0, 1, 2, … a second apart, so that each can be told from every other. */
export function numberedReplay(count) {
  const file = join(temporaryFolder(), 'numbered.csv');
  const rows = Array.from({ length: count }, (_, i) => `${new Date(replayBegins + i * 1000).toISOString()},${i}`);
  writeFileSync(file, `time,value\n${rows.join('\n')}\n`);
  return file;
}
