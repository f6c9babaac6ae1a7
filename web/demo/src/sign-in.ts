// The form for a key, shown when there is none or it was refused.
import { byId, h } from './dom';
import { say } from './i18n';
import { t } from './i18n';
import { keyFromPaste } from './key';

export interface SignIn {
  show(problem?: 'refused'): void;
  hide(): void;
}

export function makeSignIn(onKey: (key: string) => void): SignIn {
  const section = byId('sign-in');
  const input = h('input', {
    attributes: {
      id: 'key', name: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none',
      'aria-describedby': 'sign-in-help key-problem',
    },
  });
  const problem = h('p', { class: 'problem', attributes: { id: 'key-problem', role: 'alert' } });
  const form = h('form', {
    on: {
      submit: (event) => {
        event.preventDefault();
        const key = keyFromPaste(input.value);
        if (key === '') return tell(() => t().keyEmpty);
        tell(() => '');
        onKey(key);
      },
    },
  });
  const tell = (text: () => string): void => {
    say(problem, text);
    input.setAttribute('aria-invalid', String(text() !== ''));
    if (text() !== '') input.focus();
  };
  form.append(
    say(h('h2', { attributes: { id: 'sign-in-title' } }), () => t().signInTitle),
    say(h('p', { class: 'help', attributes: { id: 'sign-in-help' } }), () => t().signInHelp),
    say(h('label', { attributes: { for: 'key' } }), () => t().keyLabel),
    h('div', { class: 'field-row' }, input, say(h('button', { class: 'button primary' }), () => t().signIn)),
    problem,
  );
  section.append(form);
  return {
    show: (why) => {
      section.hidden = false;
      input.value = '';
      if (why === 'refused') tell(() => t().keyRefused);
      else input.focus();
    },
    hide: () => {
      section.hidden = true;
    },
  };
}
