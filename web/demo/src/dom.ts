// Elements in one expression. Text goes in as text nodes, never as HTML.

type Listeners = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

export interface Props {
  class?: string;
  attributes?: Record<string, string>;
  on?: Listeners;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class) element.className = props.class;
  for (const [name, value] of Object.entries(props.attributes ?? {})) element.setAttribute(name, value);
  for (const [name, listener] of Object.entries(props.on ?? {})) element.addEventListener(name, listener as EventListener);
  element.append(...children);
  return element;
}

export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element as E;
}

const kSvg = 'http://www.w3.org/2000/svg';

const paths = {
  upload: 'M12 16V5m-4.5 4.5L12 5l4.5 4.5M5 15.5V18a1.5 1.5 0 0 0 1.5 1.5h11A1.5 1.5 0 0 0 19 18v-2.5',
  picture: 'M5.5 5h13A1.5 1.5 0 0 1 20 6.500v11a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 17.500v-11A1.5 1.5 0 0 1 5.500 5zM4.500 16.500l4.500-4.500 3.500 3.500 2.500-2.500 4.500 4.200M15.500 9.200h.01',
  close: 'M7 7l10 10M17 7L7 17',
  check: 'M6 12.500l4 4 8-9',
  warning: 'M12 8.500v4.500m0 3h.01M10.900 4.700 3.700 17.200a1.300 1.300 0 0 0 1.100 1.900h14.400a1.300 1.300 0 0 0 1.100-1.900L13.100 4.700a1.300 1.300 0 0 0-2.200 0z',
  again: 'M19 12a7 7 0 1 1-2.200-5.100M19 4.500V9h-4.500',
  down: 'M7 10l5 5 5-5',
} as const;

// Decoration only: hidden from screen readers, coloured by the text around it.
export function icon(name: keyof typeof paths): SVGSVGElement {
  const svg = document.createElementNS(kSvg, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(kSvg, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}

// Tells screen readers what sighted people see happen.
export function announce(text: string): void {
  const line = h('p', {}, text);
  const announcer = byId('announcer');
  announcer.append(line);
  while (announcer.childElementCount > 5) announcer.firstElementChild?.remove();
}
