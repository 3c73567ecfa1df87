import {useEffect, useRef, useState} from 'preact/hooks';

import type {Problem} from '../api/http';
import {words} from '../i18n/language';
import type {Messages} from '../i18n/en';
import {signIn, signInProblem} from '../state/app';
import {LanguageSwitch} from './language_switch';
import {Mark} from './mark';

export function SignIn() {
  const w = words.value.signIn;
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const problem = signInProblem.value;

  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    if (await signIn(code)) return;
    setBusy(false);
    input.current?.select();
  }

  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <Mark />
        <h1>{w.heading}</h1>
        <label for="code">{w.code}</label>
        <input id="code" ref={input} value={code} onInput={(event) => setCode(tidyCode(event.currentTarget.value))} inputMode="numeric"
          autocomplete="one-time-code" placeholder="0000-0000" aria-describedby="hint" aria-invalid={problem ? 'true' : undefined} />
        <p class="problem" role="alert">{problem && explain(problem, w)}</p>
        <button type="submit" class="primary" disabled={busy || code.length < 9}>{busy ? w.busy : w.submit}</button>
        <p id="hint" class="quiet">{w.hint} <code>weir pair</code></p>
      </form>
      <LanguageSwitch />
    </main>
  );
}

/** Digits only, a hyphen after the fourth. */
export function tidyCode(text: string): string {
  const digits = text.replace(/\D/g, '').slice(0, 8);
  return digits.length > 4 ? `${digits.slice(0, 4)}-${digits.slice(4)}` : digits;
}

function explain(problem: Problem, w: Messages['signIn']): string {
  if (problem.status === 0) return w.unreachable;
  if (problem.status === 429 || problem.status === 503) return w.slow;
  if (problem.status === 400 || problem.status === 401 || problem.status === 403) return w.wrong;
  return problem.message;
}
