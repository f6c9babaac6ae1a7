// Starts the page that shows every transform on one picture.
import { type Client, createClient, PixgateError } from '../../sdk/src/index';
import { byId } from './dom';
import { say, startLanguage, t } from './i18n';
import { forgetKey, keepKey, takeKey } from './key';
import { startLanguageSwitch } from './language-switch';
import { makeChooser } from './showcase/chooser';
import { makeShow } from './showcase/show';
import { makeSignIn } from './sign-in';

let client: Client | undefined;
const theClient = (): Client => {
  if (client === undefined) throw new Error('not signed in');
  return client;
};

startLanguage();
say(byId('title'), () => t().show.title);
say(byId('lede'), () => t().show.lede);
startLanguageSwitch();

const signOutButton = byId('sign-out');
say(signOutButton, () => t().signOut);
signOutButton.addEventListener('click', () => signOut());

const signIn = makeSignIn((key) => {
  keepKey(key);
  void enter(key);
});
const show = makeShow();
const chooser = makeChooser(theClient, (image) => {
  const address = new URL(location.href);
  address.searchParams.set('image', image.image_id);
  history.replaceState(null, '', address.pathname + address.search);
  show.start(theClient(), image);
});
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
  chooser.show();
  signOutButton.hidden = false;
  try {
    await chooser.load(new URLSearchParams(location.search).get('image'));
  } catch (error) {
    if (error instanceof PixgateError && error.status === 401) signOut('refused');
    else throw error;
  }
}

function signOut(why?: 'refused'): void {
  forgetKey();
  chooser.clear();
  show.clear();
  client = undefined;
  signOutButton.hidden = true;
  signIn.show(why);
}
