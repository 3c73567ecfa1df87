import {useEffect, useRef, useState} from 'preact/hooks';

import type {Problem} from '../api/http';
import {words} from '../i18n/language';
import type {Messages} from '../i18n/en';
import {signIn, signInProblem} from '../state/app';
import {LanguageSwitch} from './language_switch';
import {Mark} from './mark';

export function SignIn() {
  const w = words.value.signIn;
  const [named, setNamed] = useState(false);
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [phrase, setPhrase] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [named]);
  const problem = signInProblem.value;
  const ready = named ? name !== '' && phrase !== '' : code.length === 9;

  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    if (await signIn(named ? {name: name.trim(), pass_phrase: phrase} : {code})) return;
    setBusy(false);
    input.current?.select();
  }

  function change() {
    signInProblem.value = null;
    setNamed(!named);
  }

  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <Mark />
        <h1>{w.heading}</h1>
        {named ? (
          <>
            <label for="name">{w.name}</label>
            <input id="name" ref={input} class="text" value={name} onInput={(event) => setName(event.currentTarget.value)} autocomplete="username" />
            <label for="phrase">{w.passPhrase}</label>
            <input id="phrase" class="text" type="password" value={phrase} onInput={(event) => setPhrase(event.currentTarget.value)}
              autocomplete="current-password" aria-invalid={problem ? 'true' : undefined} />
          </>
        ) : (
          <>
            <label for="code">{w.code}</label>
            <input id="code" ref={input} value={code} onInput={(event) => setCode(tidyCode(event.currentTarget.value))} inputMode="numeric"
              autocomplete="one-time-code" placeholder="0000-0000" aria-describedby="hint" aria-invalid={problem ? 'true' : undefined} />
          </>
        )}
        <p class="problem" role="alert">{problem && explain(problem, w, named)}</p>
        <button type="submit" class="primary" disabled={busy || !ready}>{busy ? w.busy : w.submit}</button>
        {!named && <p id="hint" class="quiet">{w.hint} <code>weir pair</code></p>}
        <button type="button" class="plain" onClick={change}>{named ? w.byCode : w.byName}</button>
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

function explain(problem: Problem, w: Messages['signIn'], named: boolean): string {
  if (problem.status === 0) return w.unreachable;
  if (problem.status === 429 || problem.status === 503) return w.slow;
  if (problem.status === 400 || problem.status === 401 || problem.status === 403) return named ? w.wrongName : w.wrong;
  return problem.message;
}
