import {ask, askJson, problemOf} from './http';
import type {Command, Value} from './types';

/** The same key makes a repeated request the same command. Works without a secure context, unlike randomUUID(). */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Answers as soon as the command is queued; its states come over the stream. */
export async function sendCommand(device: string, name: string, args: Record<string, Value>, key: string, confirm?: string): Promise<Command> {
  const response = await ask(`v1/devices/${encodeURIComponent(device)}/commands`, {
    method: 'POST',
    body: {name, args, ...(confirm && {confirm})},
    headers: {'idempotency-key': key},
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Command;
}

export async function listCommands(device: string): Promise<Command[]> {
  return (await askJson<{commands: Command[]}>(`v1/commands?device=${encodeURIComponent(device)}`)).commands;
}
