// Where one is: "#/chart/DEVICE/METRIC", "#/commands/DEVICE", "#/losses". The back key closes a sheet; a link opens it.
import {signal} from '@preact/signals';

export type Route = {view: 'devices'} | {view: 'losses'} | {view: 'chart'; device: string; metric: string} | {view: 'commands'; device: string};

export function parseRoute(hash: string): Route {
  const [view, device, metric] = hash.replace(/^#\/?/, '').split('/').map(decode);
  if (view === 'chart' && device && metric) return {view, device, metric};
  if (view === 'commands' && device) return {view, device};
  return {view: view === 'losses' ? 'losses' : 'devices'};
}

export function formatRoute(route: Route): string {
  if (route.view === 'chart') return `#/chart/${encodeURIComponent(route.device)}/${encodeURIComponent(route.metric)}`;
  if (route.view === 'commands') return `#/commands/${encodeURIComponent(route.device)}`;
  return route.view === 'losses' ? '#/losses' : '#/';
}

/** The one-time code of a sign-in link, `#code=1234-5678`. */
export function codeIn(hash: string): string | null {
  return /^#code=([0-9]{4}-?[0-9]{4})$/.exec(hash)?.[1] ?? null;
}

export const route = signal<Route>({view: 'devices'});

export function followLocation(): void {
  const read = () => (route.value = parseRoute(location.hash));
  addEventListener('hashchange', read);
  read();
}

export function go(to: Route): void {
  location.hash = formatRoute(to);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
