// The API key of this tab. It comes in the address's fragment, which browsers never send to a server, and leaves the
// address bar at once, so that it is neither bookmarked nor shared by accident.

const kStorageKey = 'pixgate.key';

export function keyFromFragment(fragment: string): string | undefined {
  const key = new URLSearchParams(fragment.replace(/^#/, '')).get('key')?.trim();
  return key ? key : undefined;
}

// The key, from the address or from earlier in this tab.
export function takeKey(): string | undefined {
  const fresh = keyFromFragment(location.hash);
  if (fresh !== undefined) {
    sessionStorage.setItem(kStorageKey, fresh);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(kStorageKey) ?? undefined;
}

export const keepKey = (key: string): void => sessionStorage.setItem(kStorageKey, key);
export const forgetKey = (): void => sessionStorage.removeItem(kStorageKey);

// People paste the whole link as often as the key alone.
export function keyFromPaste(text: string): string {
  const trimmed = text.trim();
  const hash = trimmed.indexOf('#');
  return (hash >= 0 ? keyFromFragment(trimmed.slice(hash)) : undefined) ?? trimmed;
}
