import {askJson} from './http';

export interface Loss {
  where: string;
  reason: string;
  device?: string;
  metric?: string;
  count: number;
  first: string;
  last: string;
  detail?: string;
}

export interface Losses {
  losses: Loss[]; // newest first
  total: number;
}

/** How many were lost that nobody configured to be let go. */
export function unforeseen(losses: Loss[]): number {
  return losses.filter(({reason}) => reason !== 'expired' && reason !== 'thinned').reduce((sum, {count}) => sum + count, 0);
}

export function listLosses(limit: number, since?: string): Promise<Losses> {
  return askJson<Losses>(`v1/losses?limit=${limit}${since ? `&since=${since}` : ''}`);
}
