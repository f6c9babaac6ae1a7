// One file on its way: thumbnail, bar, state, times, and the buttons that belong to it.
import { type Client, type Image, PixgateError, type UploadPhase, type UploadState } from '../../sdk/src/index';
import { announce, h, icon } from './dom';
import { bytes, duration, seconds } from './format';
import { say, sayAttribute, t } from './i18n';
import { failureText, isRefusal } from './plain-words';
import { makeSteps, type StepName } from './steps';
import { makeViewer } from './viewer';

export type CardEnd = 'ready' | 'cancelled' | 'refused' | 'trouble';

export interface CardHost {
  client(): Client;
  onEnd(card: UploadCard, end: CardEnd, image: Image | undefined): void;
  onRemove(card: UploadCard): void;
  onKeyRefused(): void;
}

const stepOf: Partial<Record<UploadPhase, StepName>> = {
  preparing: 'thumbnail',
  asking: 'asked',
  uploading: 'uploaded',
  retrying: 'uploaded',
  offline: 'uploaded',
  processing: 'ready',
};

export class UploadCard {
  readonly element = h('li', { class: 'card', attributes: { tabindex: '-1' } });
  end: CardEnd | undefined;
  readonly #host: CardHost;
  readonly #file: File;
  readonly #chip = h('span', { class: 'chip' });
  readonly #thumb = h('span', { class: 'card-thumb' }, icon('picture'));
  readonly #bar = h('progress', { attributes: { max: '100', value: '0' } });
  readonly #detail = h('p', { class: 'card-detail' });
  readonly #below = h('div', { class: 'card-below', attributes: { hidden: '' } });
  readonly #action = h('button', { class: 'button quiet icon-button', attributes: { type: 'button' } });
  readonly #remove = h('button', { class: 'button quiet icon-button', attributes: { type: 'button', hidden: '' } });
  readonly #toggle = h('button', { class: 'button', attributes: { type: 'button', hidden: '', 'aria-expanded': 'false' } });
  readonly #stepsPlace = h('div', {});
  #steps = makeSteps();
  #stop = new AbortController();
  #imageId: string | undefined;
  #previewUrl: string | undefined;

  constructor(host: CardHost, file: File) {
    this.#host = host;
    this.#file = file;
    const name = file.name;
    sayAttribute(this.element, 'aria-label', () => name);
    sayAttribute(this.#bar, 'aria-label', () => t().progressOf(name));
    sayAttribute(this.#remove, 'aria-label', () => t().removeOf(name));
    sayAttribute(this.#remove, 'title', () => t().remove);
    this.#remove.append(icon('close'));
    this.#remove.addEventListener('click', () => this.#leave());
    this.#action.addEventListener('click', () => (this.end === undefined ? this.#stop.abort() : this.start()));
    this.#toggle.addEventListener('click', () => this.#showSizes(this.#below.hidden));
    this.#bar.id = `bar-${Math.random().toString(36).slice(2)}`;
    this.element.append(
      h('div', { class: 'card-row' },
        this.#thumb,
        h('div', { class: 'card-body' },
          h('div', { class: 'card-head' },
            h('span', { class: 'card-name', attributes: { title: name } }, name),
            this.#chip,
          ),
          this.#bar,
          this.#detail,
          this.#stepsPlace,
        ),
        h('div', { class: 'card-buttons' }, this.#toggle, this.#action, this.#remove),
      ),
      this.#below,
    );
  }

  // Sends the file, from the beginning. Never rejects.
  async start(): Promise<void> {
    this.end = undefined;
    this.#stop = new AbortController();
    this.#imageId = undefined;
    this.#steps = makeSteps();
    this.#stepsPlace.replaceChildren(this.#steps.element);
    this.#bar.hidden = false;
    this.#bar.value = 0;
    this.element.dataset['end'] = '';
    this.#setAction('cancel');
    this.#remove.hidden = true;
    this.#say(() => bytes(this.#file.size));
    try {
      const image = await this.#host.client().upload(this.#file, {
        signal: this.#stop.signal,
        onState: (state) => this.#onState(state),
        onProgress: ({ sentBytes, totalBytes }) => this.#onProgress(sentBytes, totalBytes),
        onPreview: ({ url }) => this.#onPreview(url),
      });
      this.#onReady(image);
    } catch (thrown) {
      this.#onFailure(thrown instanceof PixgateError ? thrown : new PixgateError('other', String(thrown)));
    }
  }

  dispose(): void {
    this.#stop.abort();
    if (this.#previewUrl !== undefined) URL.revokeObjectURL(this.#previewUrl);
    this.element.remove();
  }

  #onState(state: UploadState): void {
    if (this.end !== undefined) return;
    const { phase, retry } = state;
    this.#imageId = state.imageId ?? this.#imageId;
    const step = stepOf[phase];
    if (step !== undefined) this.#steps.begin(step);
    else this.#steps.end();
    this.#setChip(phase, () => t().phase[phase]);
    if (phase === 'processing') this.#say(() => bytes(this.#file.size));
    if (phase === 'retrying' && retry) {
      this.#say(() => `${failureText(retry.error)} ${t().retryIn(seconds(retry.delayMs))}`);
    }
  }

  #onProgress(sentBytes: number, totalBytes: number): void {
    this.#bar.value = totalBytes > 0 ? (100 * sentBytes) / totalBytes : 0;
    this.#say(() => t().sentOf(bytes(sentBytes), bytes(totalBytes)));
  }

  #onPreview(url: string): void {
    if (this.#previewUrl !== undefined) URL.revokeObjectURL(this.#previewUrl);
    this.#previewUrl = url;
    this.#showThumb(url);
  }

  #showThumb(url: string): void {
    this.#thumb.replaceChildren(h('img', { attributes: { src: url, alt: '' } }));
  }

  #onReady(image: Image): void {
    this.#steps.end();
    this.#finish('ready', () => t().phase.ready);
    this.#bar.value = 100;
    this.#say(() => bytes(image.original.size_bytes ?? this.#file.size));
    // What this browser could not decode, the edge can: HEIC gets its picture now.
    if (this.#previewUrl === undefined) this.#showThumb(this.#host.client().imageUrl(image.image_id, 'thumb'));
    const readyMs = this.#steps.took('ready') ?? 0;
    announce(t().isReady(this.#file.name, duration(readyMs)));
    this.#below.replaceChildren(makeViewer(this.#host.client(), image, { heading: false }).element);
    this.#toggle.hidden = false;
    this.#showSizes(false);
    this.#host.onEnd(this, 'ready', image);
  }

  #onFailure(error: PixgateError): void {
    this.#steps.end(false);
    if (error.code === 'aborted') return this.#onCancelled();
    const end = isRefusal(error) ? 'refused' : 'trouble';
    this.#finish(end, () => t().phase[end]);
    this.#say(() => failureText(error));
    announce(t().isRefused(this.#file.name, failureText(error)));
    if (error.status === 401) this.#host.onKeyRefused();
    this.#host.onEnd(this, end, error.image);
  }

  #onCancelled(): void {
    this.#finish('cancelled', () => t().phase.cancelled);
    this.#say(() => bytes(this.#file.size));
    announce(t().isCancelled(this.#file.name));
    // What was cancelled should not turn up in the list later. If this fails, the permission runs out by itself.
    if (this.#imageId !== undefined) this.#host.client().images.delete(this.#imageId).catch(() => undefined);
    this.#host.onEnd(this, 'cancelled', undefined);
  }

  // Opens the picture in its sizes under the card, or closes it.
  #showSizes(open: boolean): void {
    this.#below.hidden = !open;
    this.#toggle.setAttribute('aria-expanded', String(open));
    say(this.#toggle, () => (open ? t().hideSizes : t().showSizes));
  }

  expand(): void {
    if (this.end === 'ready') this.#showSizes(true);
  }

  #finish(end: CardEnd, label: () => string): void {
    this.end = end;
    this.element.dataset['end'] = end;
    this.#setChip(end, label);
    this.#bar.hidden = true;
    this.#remove.hidden = false;
    // The button under the person's finger must not vanish with the focus on it.
    const hadFocus = document.activeElement === this.#action;
    this.#setAction(end === 'cancelled' || end === 'trouble' ? 'retry' : 'none');
    if (hadFocus && this.#action.hidden) this.#remove.focus();
  }

  #setAction(action: 'cancel' | 'retry' | 'none'): void {
    this.#action.hidden = action === 'none';
    if (action === 'none') return;
    this.#action.replaceChildren(icon(action === 'cancel' ? 'close' : 'again'));
    const name = this.#file.name;
    sayAttribute(this.#action, 'aria-label', () => (action === 'cancel' ? t().cancelOf(name) : t().retryOf(name)));
    sayAttribute(this.#action, 'title', () => (action === 'cancel' ? t().cancel : t().retry));
  }

  #setChip(kind: string, label: () => string): void {
    this.#chip.dataset['kind'] = kind;
    say(this.#chip, label);
  }

  #say(text: () => string): void {
    say(this.#detail, text);
  }

  #leave(): void {
    this.#host.onRemove(this);
  }
}
