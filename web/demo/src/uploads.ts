// The list of this tab's uploads.
import type { Client, Image } from '../../sdk/src/index';
import { byId, h } from './dom';
import { say, t } from './i18n';
import { type CardEnd, type CardHost, UploadCard } from './upload-card';

export interface UploadsHost {
  client(): Client;
  onImage(image: Image): void; // ready or refused: it is in the database now
  onKeyRefused(): void;
  onEmpty(): void; // the last card went; the focus needs a place
}

export interface Uploads {
  add(files: File[]): void;
  clear(): void;
}

export function makeUploads(host: UploadsHost): Uploads {
  const section = byId('uploads');
  const list = h('ul', { class: 'cards' });
  const clearDone = h('button', { class: 'button quiet', attributes: { type: 'button' } });
  const cards = new Set<UploadCard>();
  say(clearDone, () => t().clearDone);
  clearDone.addEventListener('click', () => {
    for (const card of [...cards]) if (card.end !== undefined) drop(card);
    refresh();
    if (cards.size === 0) host.onEmpty();
  });
  section.append(
    h('div', { class: 'section-head' },
      say(h('h2', { attributes: { id: 'uploads-title' } }), () => t().uploads),
      clearDone,
    ),
    list,
  );

  const cardHost: CardHost = {
    client: host.client,
    onKeyRefused: host.onKeyRefused,
    onEnd: (card: UploadCard, end: CardEnd, image: Image | undefined) => {
      if (image) host.onImage(image);
      if (end === 'ready' && cards.size === 1) card.expand();
      refresh();
    },
    onRemove: (card: UploadCard) => {
      const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
      drop(card);
      refresh();
      if (next instanceof HTMLElement) next.focus();
      else host.onEmpty();
    },
  };

  function drop(card: UploadCard): void {
    cards.delete(card);
    card.dispose();
  }

  function refresh(): void {
    section.hidden = cards.size === 0;
    clearDone.hidden = ![...cards].some((card) => card.end !== undefined);
  }

  return {
    add(files) {
      const added = files.map((file) => new UploadCard(cardHost, file));
      list.prepend(...added.map((card) => card.element)); // the newest batch on top, in its own order
      for (const card of added) {
        cards.add(card);
        void card.start();
      }
      refresh();
    },
    clear() {
      for (const card of [...cards]) drop(card);
      refresh();
    },
  };
}
