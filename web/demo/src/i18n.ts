// Which language the page speaks. Texts put into the page by say() change with it, without building anything anew.
import { en, type Texts } from './texts-en';
import { ko } from './texts-ko';

export type Language = 'en' | 'ko';

const tables: Record<Language, Texts> = { en, ko };
const kStorageKey = 'pixgate.language';

let current: Language = 'en';
// What each element says; asked again for those still in the document when the language changes.
const sayings = new WeakMap<Element, Map<string, () => string>>();

export const t = (): Texts => tables[current];
export const language = (): Language => current;

export function pickLanguage(saved: string | null, preferred: readonly string[]): Language {
  if (saved === 'en' || saved === 'ko') return saved;
  for (const tag of preferred) {
    const base = tag.toLowerCase().split('-')[0];
    if (base === 'en' || base === 'ko') return base;
  }
  return 'en';
}

export function startLanguage(): void {
  applyLanguage(pickLanguage(localStorage.getItem(kStorageKey), navigator.languages));
}

export function setLanguage(next: Language): void {
  localStorage.setItem(kStorageKey, next);
  applyLanguage(next);
}

function applyLanguage(next: Language): void {
  current = next;
  document.documentElement.lang = next;
  for (const element of document.querySelectorAll('[data-says]')) {
    sayings.get(element)?.forEach((text, target) => put(element, target, text()));
  }
}

// The element's text from now on, in whichever language is current. Only textContent is ever set.
export function say<E extends Element>(element: E, text: () => string): E {
  return remember(element, '', text);
}

// The same for an attribute, such as aria-label.
export function sayAttribute<E extends Element>(element: E, name: string, text: () => string): E {
  return remember(element, name, text);
}

function remember<E extends Element>(element: E, target: string, text: () => string): E {
  const own = sayings.get(element) ?? new Map<string, () => string>();
  own.set(target, text);
  sayings.set(element, own);
  element.setAttribute('data-says', '');
  put(element, target, text());
  return element;
}

function put(element: Element, target: string, text: string): void {
  if (target !== '') element.setAttribute(target, text);
  else if (element.textContent !== text) element.textContent = text;
}
