// One way to ask the gateway. Addresses are relative to the page, so that it works behind a path prefix.

/** An error as RFC 9457 tells it; status 0: the gateway did not answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title);
  }
}

export interface Ask {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
}

let skewMs = 0;
let signedOut = () => {};
let csrfToken = '';

/** The gateway's clock, as far as the Date header (whole seconds) tells: the phone's may be wrong. */
export function gatewayNow(): number {
  return Date.now() + skewMs;
}

/** Of the session: shown with each change, which a page of somebody else could not. */
export function useCsrfToken(token: string): void {
  csrfToken = token;
}

export function onSignedOut(callback: () => void): void {
  signedOut = callback;
}

export async function ask(path: string, {method = 'GET', body, headers = {}, signal, timeoutMs = 20_000}: Ask = {}): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  signal?.addEventListener('abort', () => limit.abort());
  try {
    const response = await fetch(path, {
      method,
      headers: {accept: 'application/json', ...(body === undefined ? {} : {'content-type': 'application/json'}), ...(method === 'GET' ? {} : {'x-csrf-token': csrfToken}), ...headers},
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal: limit.signal,
    });
    learnSkew(response.headers.get('date'));
    return response;
  } catch (error) {
    throw new Problem(0, 'no answer', error instanceof Error ? error.message : '');
  } finally {
    clearTimeout(timer);
  }
}

export async function askJson<T>(path: string, options?: Ask): Promise<T> {
  const response = await ask(path, options);
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  let title = response.statusText;
  let detail = '';
  try {
    const problem = JSON.parse(text) as {title?: string; detail?: string};
    title = problem.title ?? title;
    detail = problem.detail ?? '';
  } catch {
    detail = text.slice(0, 200);
  }
  if (response.status === 401) signedOut();
  return new Problem(response.status, title, detail);
}

/** Only a difference that the header's resolution can't explain counts. */
function learnSkew(date: string | null): void {
  const difference = date ? Date.parse(date) + 500 - Date.now() : 0;
  skewMs = Math.abs(difference) > 2000 ? difference : 0;
}
