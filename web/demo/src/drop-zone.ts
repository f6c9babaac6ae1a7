// The ways in: drop anywhere on the page, paste, or the file button.
import { announce, byId, h, icon } from './dom';
import { say, t } from './i18n';

export interface DropZone {
  show(): void;
  hide(): void;
  focus(): void;
}

export function makeDropZone(onFiles: (files: File[]) => void): DropZone {
  const section = byId('drop');
  const input = h('input', {
    class: 'unseen',
    attributes: { id: 'files', type: 'file', multiple: '', accept: 'image/*,.heic,.heif,.avif' },
    on: {
      change: () => {
        take([...(input.files ?? [])]);
        input.value = ''; // the same file may be chosen again
      },
    },
  });
  const title = h('h2', { attributes: { id: 'drop-title' } });
  say(title, () => (section.classList.contains('over') ? t().dropNow : t().dropTitle));
  section.append(
    h('span', { class: 'drop-mark' }, icon('upload')),
    title,
    say(h('p', { class: 'help' }), () => t().dropHelp),
    input,
    say(h('label', { class: 'button primary', attributes: { for: 'files' } }), () => t().choose),
  );

  function take(files: File[]): void {
    if (section.hidden || files.length === 0) return;
    announce(t().added(files.length));
    onFiles(files);
  }

  listenForDrops(section, title, take);
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return; // text for a form field
    event.preventDefault();
    take(files);
  });
  return {
    show: () => {
      section.hidden = false;
    },
    hide: () => {
      section.hidden = true;
    },
    focus: () => input.focus(),
  };
}

// The whole window takes drops: a picture let go beside the frame must not replace the page.
function listenForDrops(section: HTMLElement, title: HTMLElement, take: (files: File[]) => void): void {
  let depth = 0;
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  const setOver = (isOver: boolean): void => {
    section.classList.toggle('over', isOver);
    say(title, () => (isOver ? t().dropNow : t().dropTitle));
  };
  window.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth += 1;
    setOver(true);
  });
  window.addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) setOver(false);
  });
  window.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = section.hidden ? 'none' : 'copy';
  });
  window.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    setOver(false);
    take(droppedFiles(event.dataTransfer));
  });
}

// Folders come as files that cannot be read.
function droppedFiles(transfer: DataTransfer | null): File[] {
  if (transfer === null) return [];
  const folders = new Set<string>();
  for (const item of transfer.items) {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) folders.add(entry.name);
  }
  if (folders.size > 0) announce(t().folders);
  return [...transfer.files].filter((file) => !folders.has(file.name) || file.type !== '');
}
