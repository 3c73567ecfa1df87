// The page's life: who is signed in, whether the link is up, and the records that come in.
import {batch, signal} from '@preact/signals';

import {listDevices} from '../api/devices';
import {gatewayNow, onSignedOut, Problem, useCsrfToken} from '../api/http';
import {listLosses, unforeseen} from '../api/losses';
import {addUser, currentSession, readiness, signIn as redeem, signOut as endSession, type Credential} from '../api/session';
import {Stream} from '../api/stream';
import type {Session, StreamRecord} from '../api/types';
import {Model} from './model';
import {codeIn} from './route';

const frameMs = 100;   // at most ten updates a second
const healthMs = 10_000;
const lossesMs = 60_000;
const lossesMax = 1000; // kinds of loss in a day
const silenceMs = 15_000;
const refreshMs = 1000;

export type Link = {state: 'connecting'} | {state: 'up'} | {state: 'down'; since: number};

export const model = new Model();
export const session = signal<Session | null | undefined>(undefined); // undefined: not known yet
export const settingUp = signal(false); // the first user is being made
export const signInProblem = signal<Problem | null>(null);
export const link = signal<Link>({state: 'connecting'});
export const now = signal(gatewayNow()); // ticks once a second
export const reasons = signal<string[]>([]); // why the gateway is not ready
export const lost = signal(0); // in the last day, but for what retention let go

let frame: ReturnType<typeof setTimeout> | undefined;
let refreshing: ReturnType<typeof setTimeout> | undefined;
const stream = new Stream({record: take, up: linkUp, down: linkDown, refused: () => void askWhoAmI()});

export async function start(): Promise<void> {
  onSignedOut(leave);
  setInterval(() => (now.value = gatewayNow()), 1000);
  setInterval(() => void checkHealth(), healthMs);
  setInterval(() => void countLosses(), lossesMs);
  const code = codeIn(location.hash);
  if (code) history.replaceState(null, '', location.pathname + location.search);
  if (code && (await signIn({code}))) return;
  await askWhoAmI();
}

export async function signIn(credential: Credential): Promise<boolean> {
  try {
    signInProblem.value = null;
    enter(await redeem(credential));
    return true;
  } catch (error) {
    signInProblem.value = error as Problem;
    return false;
  }
}

/** The first user is an admin, and goes on as himself: the session of the code ends. */
export async function makeFirstUser(name: string, passPhrase: string): Promise<Problem | null> {
  try {
    await addUser(name, 'admin', passPhrase);
    await endSession().catch(() => {});
    enter(await redeem({name, pass_phrase: passPhrase}));
    settingUp.value = false;
    return null;
  } catch (error) {
    return error as Problem;
  }
}

export async function signOut(): Promise<void> {
  await endSession().catch(() => {});
  leave();
}

async function askWhoAmI(): Promise<void> {
  try {
    const answer = await currentSession();
    if (answer) enter(answer);
    else leave();
  } catch {
    if (session.value === undefined) setTimeout(() => void askWhoAmI(), 2000);
  }
}

function enter(who: Session): void {
  const first = !session.value;
  session.value = who;
  useCsrfToken(who.csrf_token ?? '');
  if (!first) return;
  link.value = {state: 'connecting'};
  stream.open();
  void checkHealth();
}

function leave(): void {
  stream.close();
  batch(() => {
    session.value = null;
    settingUp.value = false;
    model.clear();
  });
}

function take(record: StreamRecord): void {
  model.take(record);
  if (record.kind === 'gap' || record.kind === 'device') refreshSoon();
  frame ??= setTimeout(() => {
    frame = undefined;
    model.flush();
  }, frameMs);
}

function linkUp(): void {
  link.value = {state: 'up'};
  void refresh();
}

function linkDown(): void {
  if (link.value.state !== 'down') link.value = {state: 'down', since: Date.now()};
}

/** After a device came or went: it may have other commands now. Once for many of them. */
function refreshSoon(): void {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    void refresh();
  }, refreshMs);
}

/** What records don't tell, or were missed about: the devices as they are now. */
async function refresh(): Promise<void> {
  const devices = await listDevices().catch(() => []);
  batch(() => devices.forEach((device) => model.setDevice(device)));
  void checkHealth();
  void countLosses();
}

async function countLosses(): Promise<void> {
  if (!session.value) return;
  lost.value = await listLosses(lossesMax, '-24h').then(({losses}) => unforeseen(losses), () => lost.value);
}

async function checkHealth(): Promise<void> {
  if (!session.value) return;
  try {
    reasons.value = await readiness();
  } catch {
    stream.doubt(silenceMs);
  }
}
