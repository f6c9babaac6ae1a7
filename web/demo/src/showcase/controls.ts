// Sliders and lists with their labels, for the parts that people play with.
import { h } from '../dom';
import { say } from '../i18n';

export interface Control {
  readonly element: HTMLElement;
  value(): string;
  set(value: string): void;
}

export interface SliderOptions {
  label: () => string;
  min: number;
  max: number;
  step?: number;
  value: number;
  words: (value: number) => string; // what stands beside it, and what screen readers say
  onChange: () => void;
}

export function makeSlider({ label, min, max, step = 1, value, words, onChange }: SliderOptions): Control {
  const input = h('input', {
    attributes: { type: 'range', min: String(min), max: String(max), step: String(step), value: String(value) },
  });
  const shown = h('span', { class: 'field-value', attributes: { 'aria-hidden': 'true' } });
  const tell = (): void => {
    say(shown, () => words(Number(input.value)));
    input.setAttribute('aria-valuetext', words(Number(input.value)));
  };
  input.addEventListener('input', () => {
    tell();
    onChange();
  });
  tell();
  return {
    element: h('label', { class: 'field slider' }, h('span', { class: 'field-head' }, say(h('span'), label), shown), input),
    value: () => input.value,
    set: (next) => {
      input.value = next;
      tell();
    },
  };
}

export type Choice = [value: string, text: () => string];

export function makeSelect(label: () => string, choices: readonly Choice[], onChange: () => void): Control {
  const control = h('select', { on: { change: onChange } });
  for (const [value, text] of choices) control.append(say(h('option', { attributes: { value } }), text));
  return {
    element: h('label', { class: 'field' }, say(h('span'), label), control),
    value: () => control.value,
    set: (next) => (control.value = next),
  };
}

// Runs `action` once nothing has changed for a moment, so that a slider in motion asks for few pictures.
export function whenStill(action: () => void, signal: AbortSignal, stillMs = 250): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, stillMs);
  };
}
