import {ask, problemOf} from './http';
import type {Session} from './types';

/** Null: nobody is signed in. */
export async function currentSession(): Promise<Session | null> {
  const response = await ask('v1/session');
  if (response.ok) return (await response.json()) as Session;
  if (response.status === 401) return null;
  throw await problemOf(response);
}

/** A one-time code becomes a session cookie, once. */
export async function signIn(code: string): Promise<Session> {
  const response = await ask('v1/session', {method: 'POST', body: {code}});
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Session;
}

export async function signOut(): Promise<void> {
  await ask('v1/session', {method: 'DELETE'});
}

export async function readiness(): Promise<string[]> {
  const response = await ask('readyz', {timeoutMs: 5000});
  const body = (await response.json().catch(() => ({}))) as {reasons?: string[]};
  return body.reasons ?? [];
}

