// The language: what was chosen on this device, else what the browser asks for.
import {computed, signal} from '@preact/signals';

import {en, type Messages} from './en';
import {ko} from './ko';

const stored = 'weir.language';
export const languages: Record<string, Messages> = {en, ko};

export function pickLanguage(chosen: string | null, wanted: readonly string[]): string {
  const candidates = [chosen ?? '', ...wanted].map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return candidates.find((tag) => tag in languages) ?? 'en';
}

const current = signal(pickLanguage(read(), navigator.languages));
document.documentElement.lang = current.value;

/** Read where it is shown: the view follows a switch by itself. */
export const words = computed<Messages>(() => languages[current.value] ?? en);

export function setLanguage(code: string): void {
  current.value = code;
  document.documentElement.lang = code;
  try {
    localStorage.setItem(stored, code);
  } catch {
    // A browser that stores nothing keeps it until the page is closed.
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(stored);
  } catch {
    return null;
  }
}
