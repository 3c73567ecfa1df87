import {useEffect, useRef, useState} from 'preact/hooks';

import type {Problem} from '../api/http';
import {words} from '../i18n/language';
import {makeFirstUser, settingUp} from '../state/app';
import {Mark} from './mark';

const charactersMin = 12;

/** After the first sign-in by a code: a name and a pass phrase for the next times. */
export function FirstUser() {
  const w = words.value.firstUser;
  const [name, setName] = useState('');
  const [phrase, setPhrase] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const ready = name.trim() !== '' && [...phrase].length >= charactersMin;

  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    setProblem(await makeFirstUser(name.trim(), phrase));
    setBusy(false);
  }

  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <Mark />
        <h1>{w.heading}</h1>
        <label for="name">{w.name}</label>
        <input id="name" ref={first} class="text" value={name} onInput={(event) => setName(event.currentTarget.value)} autocomplete="username" maxLength={64} />
        <label for="phrase">{w.passPhrase}</label>
        <input id="phrase" class="text" type="password" value={phrase} onInput={(event) => setPhrase(event.currentTarget.value)}
          autocomplete="new-password" aria-describedby="hint" />
        <p id="hint" class="quiet">{w.hint}</p>
        <p class="problem" role="alert">{problem?.message}</p>
        <button type="submit" class="primary" disabled={busy || !ready}>{w.submit}</button>
        <button type="button" class="plain" onClick={() => (settingUp.value = false)}>{w.later}</button>
      </form>
    </main>
  );
}
