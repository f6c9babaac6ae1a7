// Starts the page and joins its parts.
import { type Client, createClient, PixgateError } from '../../sdk/src/index';
import { byId } from './dom';
import { makeDropZone } from './drop-zone';
import { say, startLanguage, t } from './i18n';
import { startLanguageSwitch } from './language-switch';
import { forgetKey, keepKey, takeKey } from './key';
import { makeRecent } from './recent';
import { makeSignIn } from './sign-in';
import { makeUploads } from './uploads';

let client: Client | undefined;
const theClient = (): Client => {
  if (client === undefined) throw new Error('not signed in');
  return client;
};

startLanguage();
say(byId('title'), () => t().title);
say(byId('lede'), () => t().lede);
startLanguageSwitch();

const signOutButton = byId('sign-out');
say(signOutButton, () => t().signOut);
signOutButton.addEventListener('click', () => signOut());

const signIn = makeSignIn((key) => {
  keepKey(key);
  void enter(key);
});
const recent = makeRecent(theClient);
const uploads = makeUploads({
  client: theClient,
  onImage: (image) => recent.put(image),
  onKeyRefused: () => signOut('refused'),
  onEmpty: () => dropZone.focus(),
});
const dropZone = makeDropZone((files) => uploads.add(files));

byId<HTMLDialogElement>('viewer').addEventListener('click', (event) => {
  if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
});
// A sign-in link opened in this very tab changes only the fragment.
window.addEventListener('hashchange', () => start());
start();

function start(): void {
  const key = takeKey();
  if (key === undefined) signOut();
  else void enter(key);
}

async function enter(key: string): Promise<void> {
  client = createClient({ endpoint: location.origin, token: key });
  signIn.hide();
  dropZone.show();
  recent.show();
  signOutButton.hidden = false;
  try {
    await recent.load();
  } catch (error) {
    if (error instanceof PixgateError && error.status === 401) signOut('refused');
    else throw error;
  }
}

function signOut(why?: 'refused'): void {
  forgetKey();
  uploads.clear();
  recent.clear();
  client = undefined;
  dropZone.hide();
  signOutButton.hidden = true;
  signIn.show(why);
}
