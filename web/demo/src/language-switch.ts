// The two buttons that choose the page's language.
import { byId } from './dom';
import { language, type Language, sayAttribute, setLanguage, t } from './i18n';

export function startLanguageSwitch(): void {
  const group = byId('languages');
  sayAttribute(group, 'aria-label', () => t().language);
  const buttons = [...group.querySelectorAll<HTMLButtonElement>('button[data-language]')];
  const mark = (): void => {
    for (const button of buttons) {
      button.setAttribute('aria-pressed', String(button.dataset['language'] === language()));
    }
  };
  for (const button of buttons) {
    button.addEventListener('click', () => {
      setLanguage(button.dataset['language'] as Language);
      mark();
    });
  }
  mark();
}
