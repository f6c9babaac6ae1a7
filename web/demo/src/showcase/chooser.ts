// The person's pictures in a row, of which one is shown in every way.
import { type Client, type Image, PixgateError } from '../../../sdk/src/index';
import { byId, h } from '../dom';
import { say, t } from '../i18n';
import { failureText } from '../plain-words';

export interface Chooser {
  load(wantedId: string | null): Promise<void>; // rejects only with the API's 401
  show(): void;
  clear(): void;
}

const kPageSize = 24;

export function makeChooser(client: () => Client, onChosen: (image: Image) => void): Chooser {
  const section = byId('chooser');
  const row = h('ul', { class: 'choices' });
  const none = h('p', { class: 'help', attributes: { hidden: '' } },
    say(h('span'), () => t().show.none), ' ', say(h('a', { attributes: { href: '/' } }), () => t().show.upload));
  const problem = h('p', { class: 'problem', attributes: { role: 'alert' } });
  const again = say(h('button', { class: 'button', attributes: { type: 'button', hidden: '' } }), () => t().reload);
  const more = say(h('button', { class: 'button', attributes: { type: 'button', hidden: '' } }), () => t().more);
  const buttons = new Map<string, HTMLButtonElement>();
  let cursor: string | null = null;
  section.append(
    h('div', { class: 'section-head' }, say(h('h2', { attributes: { id: 'chooser-title' } }), () => t().show.choose), more),
    row, none, problem, again,
  );
  again.addEventListener('click', () => void page().catch(() => undefined));
  more.addEventListener('click', () => void page().catch(() => undefined));

  function choose(image: Image): void {
    for (const [id, button] of buttons) button.setAttribute('aria-pressed', String(id === image.image_id));
    onChosen(image);
  }

  function add(image: Image): void {
    if (buttons.has(image.image_id)) return;
    const face = h('img', { attributes: { src: client().imageUrl(image.image_id, 'thumb'), alt: '', loading: 'lazy' } });
    face.addEventListener('error', () => face.remove(), { once: true });
    const frame = h('span', { class: 'tile-face' }, face);
    const colour = image.placeholder?.dominant_colour;
    if (colour) frame.style.backgroundColor = colour;
    const button = h('button', {
      class: 'tile', attributes: { type: 'button', 'aria-pressed': 'false' }, on: { click: () => choose(image) },
    }, frame, h('span', { class: 'tile-name' }, image.filename));
    buttons.set(image.image_id, button);
    row.append(h('li', {}, button));
  }

  async function guarded(action: () => Promise<void>): Promise<void> {
    say(problem, () => '');
    again.hidden = true;
    try {
      await action();
    } catch (error) {
      if (!(error instanceof PixgateError) || error.status === 401) throw error;
      say(problem, () => `${t().recentFailed} ${failureText(error)}`);
      again.hidden = false;
    }
  }

  const page = (): Promise<void> => guarded(async () => {
    const answer = await client().images.list({ limit: kPageSize, ...(cursor !== null && { cursor }) });
    answer.images.filter((image) => image.state === 'ready').forEach(add);
    cursor = answer.next_cursor;
    more.hidden = cursor === null;
    none.hidden = buttons.size > 0 || cursor !== null;
  });

  async function load(wantedId: string | null): Promise<void> {
    clear();
    if (wantedId !== null) {
      // It may be gone, or be further down than the first page.
      const image = await client().images.get(wantedId).catch((error: unknown) => {
        if (error instanceof PixgateError && error.status !== 401) return undefined;
        throw error;
      });
      if (image?.state === 'ready') {
        add(image);
        choose(image);
      }
    }
    await page();
    const first = buttons.values().next().value;
    if (row.querySelector('[aria-pressed="true"]') === null) first?.click();
  }

  function clear(): void {
    row.replaceChildren();
    buttons.clear();
    cursor = null;
    more.hidden = true;
  }

  return {
    load,
    show: () => {
      section.hidden = false;
    },
    clear: () => {
      clear();
      section.hidden = true;
    },
  };
}
