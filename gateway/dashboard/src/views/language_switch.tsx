import {languages, setLanguage, words} from '../i18n/language';

/** Names the other languages, each in itself. */
export function LanguageSwitch() {
  return (
    <>
      {Object.values(languages).filter(({code}) => code !== words.value.code).map(({code, language}) => (
        <button key={code} type="button" class="plain" lang={code} onClick={() => setLanguage(code)}>{language}</button>
      ))}
    </>
  );
}
