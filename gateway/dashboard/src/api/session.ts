import {ask, problemOf} from './http';
import type {Session} from './types';

/** Null: nobody is signed in. */
export async function currentSession(): Promise<Session | null> {
  const response = await ask('v1/session');
  if (response.ok) return (await response.json()) as Session;
  if (response.status === 401) return null;
  throw await problemOf(response);
}

/** A one-time code, which is good once; or a name and its pass phrase. */
export type Credential = {code: string} | {name: string; pass_phrase: string};

/** It becomes a session cookie. */
export async function signIn(credential: Credential): Promise<Session> {
  const response = await ask('v1/session', {method: 'POST', body: credential});
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Session;
}

export async function signOut(): Promise<void> {
  await ask('v1/session', {method: 'DELETE'});
}

export async function addUser(name: string, role: string, passPhrase: string): Promise<void> {
  const response = await ask('v1/users', {method: 'POST', body: {name, role, pass_phrase: passPhrase}});
  if (!response.ok) throw await problemOf(response);
}

export async function readiness(): Promise<string[]> {
  const response = await ask('readyz', {timeoutMs: 5000});
  const body = (await response.json().catch(() => ({}))) as {reasons?: string[]};
  return body.reasons ?? [];
}

