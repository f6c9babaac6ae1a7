// What the database holds: the newest images, and a dialog that shows one in its sizes.
import { type Client, type Image, PixgateError } from '../../sdk/src/index';
import { announce, byId, h, icon } from './dom';
import { shortMoment } from './format';
import { say, sayAttribute, t } from './i18n';
import { failureText } from './plain-words';
import { makeViewer } from './viewer';

export interface Recent {
  load(): Promise<void>; // rejects only with the API's 401
  put(image: Image): void;
  show(): void;
  clear(): void;
}

const kPageSize = 24;

export function makeRecent(client: () => Client): Recent {
  const section = byId('recent');
  const grid = h('ul', { class: 'tiles' });
  const none = say(h('p', { class: 'help' }), () => t().recentNone);
  const problem = h('p', { class: 'problem', attributes: { role: 'alert' } });
  const again = say(h('button', { class: 'button', attributes: { type: 'button', hidden: '' } }), () => t().reload);
  const more = say(h('button', { class: 'button', attributes: { type: 'button', hidden: '' } }), () => t().more);
  const tiles = new Map<string, HTMLElement>();
  let nextCursor: string | null = null;
  section.append(
    h('div', { class: 'section-head' }, say(h('h2', { attributes: { id: 'recent-title' } }), () => t().recent)),
    none, grid, problem, again, more,
  );
  again.addEventListener('click', () => void load().catch(() => undefined));
  more.addEventListener('click', () => void page(nextCursor ?? undefined).catch(() => undefined));

  async function page(cursor?: string): Promise<void> {
    say(problem, () => '');
    again.hidden = true;
    try {
      const answer = await client().images.list({ limit: kPageSize, ...(cursor !== undefined && { cursor }) });
      const shown = answer.images.filter((image) => image.state !== 'deleted');
      for (const image of shown) put(image, 'end');
      nextCursor = answer.next_cursor ?? null;
      more.hidden = nextCursor === null;
    } catch (error) {
      if (!(error instanceof PixgateError)) throw error;
      if (error.status === 401) throw error;
      say(problem, () => `${t().recentFailed} ${failureText(error)}`);
      again.hidden = false;
    }
  }

  async function load(): Promise<void> {
    clear();
    await page();
    refresh();
  }

  function put(image: Image, where: 'start' | 'end'): void {
    const tile = makeTile(client(), image, () => openDialog(client(), image, remove));
    const old = tiles.get(image.image_id);
    if (old) old.replaceWith(tile);
    else if (where === 'start') grid.prepend(tile);
    else grid.append(tile);
    tiles.set(image.image_id, tile);
    refresh();
  }

  function remove(image: Image): void {
    tiles.get(image.image_id)?.remove();
    tiles.delete(image.image_id);
    refresh();
    announce(t().deleted(image.filename));
  }

  function refresh(): void {
    none.hidden = tiles.size > 0 || problem.textContent !== '';
  }

  function clear(): void {
    grid.replaceChildren();
    tiles.clear();
    more.hidden = true;
  }

  return {
    load,
    put: (image) => put(image, 'start'),
    show: () => {
      section.hidden = false;
    },
    clear: () => {
      clear();
      section.hidden = true;
    },
  };
}

function makeTile(client: Client, image: Image, onOpen: () => void): HTMLElement {
  const button = h('button', { class: 'tile', attributes: { type: 'button' }, on: { click: onOpen } });
  sayAttribute(button, 'aria-label', () => `${t().open(image.filename)}, ${t().state[image.state]}`);
  const face = h('span', { class: 'tile-face' });
  if (image.state === 'ready') {
    // The picture's own colour until the picture has come.
    const colour = image.placeholder?.dominant_colour;
    if (colour) face.style.backgroundColor = colour;
    face.append(h('img', { attributes: { src: client.imageUrl(image.image_id, 'thumb'), alt: '', loading: 'lazy' } }));
  } else {
    const chip = say(h('span', { class: 'chip' }), () => t().state[image.state]);
    chip.dataset['kind'] = image.state;
    face.append(icon(image.state === 'pending' || image.state === 'stored' ? 'picture' : 'warning'), chip);
  }
  button.append(
    face,
    h('span', { class: 'tile-name' }, image.filename),
    say(h('span', { class: 'tile-time' }), () => shortMoment(image.created_at)),
  );
  return h('li', {}, button);
}

function openDialog(client: Client, image: Image, onDeleted: (image: Image) => void): void {
  const dialog = byId<HTMLDialogElement>('viewer');
  const close = h('button', { class: 'button quiet icon-button dialog-close', attributes: { type: 'button' } }, icon('close'));
  sayAttribute(close, 'aria-label', () => t().close);
  close.addEventListener('click', () => dialog.close());
  const problem = h('p', { class: 'problem', attributes: { role: 'alert' } });
  const remove = h('button', { class: 'button danger', attributes: { type: 'button' } });
  let isSure = false;
  say(remove, () => t().deletePicture);
  remove.addEventListener('click', async () => {
    if (!isSure) {
      isSure = true;
      say(remove, () => t().deleteSure);
      return;
    }
    try {
      await client.images.delete(image.image_id);
      onDeleted(image);
      dialog.close();
    } catch (error) {
      if (error instanceof PixgateError) say(problem, () => failureText(error));
    }
  });
  dialog.replaceChildren(
    close,
    makeViewer(client, image, { heading: true }).element,
    h('div', { class: 'dialog-foot' }, problem, remove),
  );
  dialog.showModal();
}
