// Addresses of one picture at the edge, signed where that is needed: once for the whole picture, again before it ends.
import {
  type Client, type Image, kOpenWidths, type Links, PixgateError, type TransformOptions, transformText,
} from '../../../sdk/src/index';

export interface Addresses {
  readonly mayAskAll: boolean; // false: only what is free
  // Undefined where this key may not ask for that. Throws the API's error where signing anew fails.
  url(ask: string | TransformOptions): Promise<string | undefined>;
}

const kEarlyMs = 60_000;
const kFreeNames = new Set(['w', 'h', 'fit', 'enlarge', 'gravity', 'f']);

export const textOf = (ask: string | TransformOptions): string => (typeof ask === 'string' ? ask : transformText(ask));

// docs/urls.md, "What is free, what is signed".
export function isFree(text: string): boolean {
  if (!text.includes('=')) return true; // a preset, or the placeholder
  const parts = new Map(text.split(',').map((part) => part.split('=') as [string, string]));
  const isOpen = (name: string): boolean => !parts.has(name) || kOpenWidths.includes(Number(parts.get(name)));
  return [...parts.keys()].every((name) => kFreeNames.has(name)) && parts.has('w') && isOpen('w') && isOpen('h')
    && !/^\d/.test(parts.get('gravity') ?? '');
}

async function sign(client: Client, image: Image): Promise<Links> {
  try {
    return await client.images.links(image.image_id, { family: 'image' });
  } catch (error) {
    if (!(error instanceof PixgateError) || error.status !== 403) throw error;
    return client.images.links(image.image_id, { family: 'listed' });
  }
}

export async function openAddresses(client: Client, image: Image): Promise<Addresses> {
  let links = await sign(client, image);
  const plain = (ask: string | TransformOptions): string => client.imageUrl(image.image_id, ask);
  // Pictures of public policies are there without a signature.
  const isPublic = await fetch(plain('thumb'), { method: 'HEAD' }).then((answer) => answer.ok, () => false);
  const query = async (): Promise<string> => {
    if (links.expires_at !== null && Date.parse(links.expires_at) - Date.now() < kEarlyMs) links = await sign(client, image);
    return new URL(links.family?.url_template ?? '').search;
  };
  const mayAskAll = links.family?.scope === 'image';
  return {
    mayAskAll,
    url: async (ask) => {
      const free = isFree(textOf(ask));
      if (free && isPublic) return plain(ask);
      return free || mayAskAll ? plain(ask) + (await query()) : undefined;
    },
  };
}
