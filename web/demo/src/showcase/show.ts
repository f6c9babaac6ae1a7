// One picture in every way the edge knows: groups of tiles, in the order people read them.
import { type Client, type Image, PixgateError } from '../../../sdk/src/index';
import { announce, byId, h } from '../dom';
import { say, t } from '../i18n';
import { failureText } from '../plain-words';
import { type Addresses, openAddresses } from './addresses';
import { type Facts, type GroupName, groupsOf, kMarked, type Way } from './catalogue';
import { makeFocus } from './focus';
import { makeOwn } from './own';
import { makePlaceholders } from './placeholders';
import { makeTile } from './tile';

export interface Show {
  start(client: Client, image: Image): void;
  clear(): void;
}

export function makeShow(): Show {
  const place = byId('show');
  let current = new AbortController();

  function clear(): void {
    current.abort();
    place.replaceChildren();
    place.hidden = true;
  }

  async function fill(client: Client, image: Image, signal: AbortSignal): Promise<void> {
    const addresses = await openAddresses(client, image);
    const parts = await partsOf(image, addresses, signal);
    if (signal.aborted) return;
    place.append(...parts);
    announce(t().show.chosen(image.filename));
  }

  return {
    clear,
    start: (client, image) => {
      clear();
      current = new AbortController();
      const { signal } = current;
      place.hidden = false;
      fill(client, image, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        if (!(error instanceof PixgateError)) throw error;
        place.append(say(h('p', { class: 'problem', attributes: { role: 'alert' } }), () => failureText(error)));
      });
    },
  };
}

async function partsOf(image: Image, addresses: Addresses, signal: AbortSignal): Promise<Node[]> {
  const facts: Facts = {
    width: image.original.width_px ?? 0,
    height: image.original.height_px ?? 0,
    contentType: image.original.content_type ?? '',
  };
  const common = { filename: image.filename, addresses, signal };
  const tiles = (ways: readonly Way[]): HTMLElement => h('ul', { class: 'shots' }, ...ways.map((way) => makeTile({ ...common, ...way }).element));
  const parts: Node[] = [];
  if (!addresses.mayAskAll) parts.push(say(h('p', { class: 'notice' }), () => t().show.needsSigning));
  parts.push(makeSection('own', makeOwn(common)));
  for (const group of groupsOf(facts)) {
    parts.push(makeSection(group.name, tiles(group.ways)));
    if (group.name === 'gravity') parts.push(makeSection('focus', await makeFocus(common)));
  }
  parts.push(makeSection('watermark', makeMarked(() => tiles(kMarked))));
  parts.push(makeSection('placeholders', await makePlaceholders(image, addresses, facts.width || 3, facts.height || 2)));
  return parts;
}

function makeSection(name: GroupName, content: Node): HTMLElement {
  const id = `group-${name}`;
  const section = h('section', { class: 'group', attributes: { 'aria-labelledby': id, 'data-group': name } },
    say(h('h2', { attributes: { id } }), () => t().show.groups[name]));
  if (t().show.about[name] !== '') section.append(say(h('p', { class: 'help' }), () => t().show.about[name]));
  section.append(content);
  return section;
}

function makeMarked(tiles: () => HTMLElement): HTMLElement {
  const button = say(h('button', { class: 'button', attributes: { type: 'button' } }), () => t().show.askForMark);
  const box = h('div', {}, button);
  button.addEventListener('click', () => {
    const list = tiles();
    list.tabIndex = -1;
    box.replaceChildren(list);
    list.focus();
  });
  return box;
}
