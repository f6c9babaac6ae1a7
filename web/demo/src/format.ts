// Numbers as people read them, in the page's language. A number and its unit stay on one line.
import { language } from './i18n';

const number = (value: number, digits: number): string =>
  new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value);

export function bytes(count: number): string {
  if (count < 1000) return `${number(count, 0)}\u00a0B`;
  if (count < 1_000_000) return `${number(count / 1000, count < 10_000 ? 1 : 0)}\u00a0kB`;
  return `${number(count / 1_000_000, 1)}\u00a0MB`;
}

export function duration(ms: number): string {
  if (ms < 1) return '<\u00a01\u00a0ms';
  return ms < 1000 ? `${number(ms, 0)}\u00a0ms` : `${number(ms / 1000, 1)}\u00a0s`;
}

export const seconds = (ms: number): string => number(Math.max(1, Math.ceil(ms / 1000)), 0);

export const pixels = (width: number, height: number): string => `${number(width, 0)}\u00a0×\u00a0${number(height, 0)}\u00a0px`;

export const moment = (rfc3339: string): string =>
  new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(rfc3339));

export const shortMoment = (rfc3339: string): string =>
  new Intl.DateTimeFormat(language(), {
    month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit',
  }).format(new Date(rfc3339));
