// The four steps of an upload and how long each took.
import { h } from './dom';
import { duration } from './format';
import { say, sayAttribute, t } from './i18n';

export const stepNames = ['thumbnail', 'asked', 'uploaded', 'ready'] as const;
export type StepName = (typeof stepNames)[number];

export interface Steps {
  readonly element: HTMLElement;
  begin(step: StepName): void; // ends the step before it
  end(isReady?: boolean): void;
  took(step: StepName): number | undefined; // ms
}

export function makeSteps(now: () => number = () => performance.now()): Steps {
  const took = new Map<StepName, number>();
  let current: { step: StepName; since: number } | undefined;
  const parts = new Map(
    stepNames.map((step) => {
      const time = h('span', { class: 'step-time' });
      const name = say(h('span', { class: 'step-name' }), () => t().step[step]);
      return [step, { item: h('li', {}, name, time), name, time }];
    }),
  );
  const element = h('ol', { class: 'steps' }, ...[...parts.values()].map(({ item }) => item));
  sayAttribute(element, 'aria-label', () => t().steps);

  function end(isReady = true): void {
    if (current === undefined) return;
    const { step, since } = current;
    const ms = (took.get(step) ?? 0) + now() - since;
    took.set(step, ms);
    current = undefined;
    const part = parts.get(step);
    if (part === undefined) return;
    part.item.className = 'done';
    say(part.time, () => duration(ms));
    // What was checked and refused did not become ready.
    if (step === 'ready' && !isReady) say(part.name, () => t().step.checked);
  }

  return {
    element,
    begin(step) {
      if (current?.step === step) return;
      end();
      current = { step, since: now() };
      const part = parts.get(step);
      if (part) part.item.className = 'now';
    },
    end,
    took: (step) => took.get(step),
  };
}
