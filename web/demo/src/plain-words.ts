// Failures in plain words: what happened and what to do, by the code that the SDK or the server gives.
import { PixgateError } from '../../sdk/src/index';
import { t } from './i18n';
import type { Texts } from './texts-en';

type ReasonCode = Exclude<keyof Texts['reason'], 'unknown'>;
type ProblemCode = keyof Texts['problem'];

// Codes of API answers that mean the same as a reason or a problem here.
const sameReason: Record<string, ReasonCode> = {
  too_large: 'too_many_bytes',
  unsupported_media: 'type_not_allowed',
  unsupported_media_type: 'type_not_allowed',
};
const byStatus: Record<number, ProblemCode> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  429: 'too_many_requests',
};

const isReason = (code: string): code is ReasonCode => code !== 'unknown' && Object.hasOwn(t().reason, code);
const isProblem = (code: string): code is ProblemCode => Object.hasOwn(t().problem, code);

// A reason may carry detail after its code ("too_many_pixels: 900 MP"); the code decides.
export function reasonText(reason: string | null | undefined): string {
  const code = (reason ?? '').split(/[:\s]/)[0] ?? '';
  const known = sameReason[code] ?? code;
  return isReason(known) ? t().reason[known] : t().reason.unknown(code || 'rejected');
}

const knownReason = (code: string | undefined): boolean => code !== undefined && isReason(sameReason[code] ?? code);

export function failureText(error: PixgateError): string {
  if (error.code === 'rejected') return reasonText(error.reason);
  if (knownReason(error.reason)) return reasonText(error.reason);
  if (knownReason(error.field)) return reasonText(error.field);
  if (knownReason(error.code)) return reasonText(error.code);
  if (isProblem(error.code)) return t().problem[error.code];
  const problem = byStatus[error.status ?? 0] ?? ((error.status ?? 0) >= 500 ? 'unavailable' : undefined);
  if (problem) return t().problem[problem];
  // A refusal nobody foresaw: the server's own sentence says more than ours could.
  return error.detail ?? t().problem.other;
}

// Refused for what it is: the same file will be refused again.
export const isRefusal = (error: PixgateError): boolean =>
  error.code === 'rejected' || knownReason(error.code) || knownReason(error.reason);
