// An address that people open or copy.
import { h } from './dom';
import { say, sayAttribute, t } from './i18n';

// Copies text(); where the browser does not allow that, `instead` is selected for Ctrl-C.
export function makeCopyButton(name: () => string, text: () => string, instead: Element): HTMLButtonElement {
  const button = h('button', { class: 'button quiet', attributes: { type: 'button' } });
  say(button, () => t().copy);
  sayAttribute(button, 'aria-label', () => t().copyOf(name()));
  button.addEventListener('click', async () => {
    const isCopied = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
    if (!isCopied) return getSelection()?.selectAllChildren(instead);
    say(button, () => t().copied);
    setTimeout(() => say(button, () => t().copy), 1500);
  });
  return button;
}

export interface Address {
  readonly element: HTMLElement;
  set(url: string): void;
}

export function makeAddress(label: () => string): Address {
  const link = h('a', { class: 'address-link', attributes: { target: '_blank', rel: 'noopener' } });
  const button = makeCopyButton(label, () => link.textContent ?? '', link);
  return {
    element: h('div', { class: 'address' }, say(h('span', { class: 'address-label' }), label), link, button),
    set: (url) => {
      link.href = url;
      link.textContent = url.split('?')[0] ?? url; // a signature is for opening, not for reading
    },
  };
}
