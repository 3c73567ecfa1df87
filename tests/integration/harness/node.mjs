// weir-node, the reference node, and its pseudo-terminal.
import { join } from 'node:path';
import { Child, bin, waitFor } from './process.mjs';

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
