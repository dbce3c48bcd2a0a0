// Talking to the server: one way to ask, one shape of error, one stream of events.
import { lang, t } from './context.js';
import { toast } from './dom.js';

/** An error with the server's own sentence. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.[lang === 'en' ? 'detail_en' : 'detail_zh'] ?? body?.detail ?? t('error.status', { status }));
    this.status = status;
    this.body = body ?? {};
  }
}

async function ask(method, path, body, signal) {
  const headers = { Accept: 'application/json', 'Accept-Language': lang === 'en' ? 'en' : 'zh-CN' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, { detail_zh: t('error.network'), detail_en: t('error.network') });
  }
  // An answer given up while its body is read is still given up, not an empty answer.
  const value = answer.status === 204 ? null : await answer.json().catch((error) => { if (error.name === 'AbortError' || answer.ok) throw error; return null; });
  if (!answer.ok) throw new Problem(answer.status, value);
  return value;
}
export const get = (path, signal) => ask('GET', path, undefined, signal);
export const post = (path, body) => ask('POST', path, body);
export const remove = (path) => ask('DELETE', path);

/** Run and tell the user what went wrong; returns undefined then. */
export async function trying(run) {
  try {
    return await run();
  } catch (error) {
    if (error.name !== 'AbortError') toast(error.message, true);
    return undefined;
  }
}

/** The latest answer only: an older question is dropped when a newer one is asked. */
export function latest() {
  let running;
  return async (path) => {
    running?.abort();
    const mine = (running = new AbortController());
    return get(path, mine.signal);
  };
}

/** All items of a collection, page by page, up to a limit. */
export async function items(collection, query = '', most = 4000) {
  const found = [];
  let path = `/api/collections/${collection}/items?limit=1000${query ? `&${query}` : ''}`;
  let matched = 0;
  while (path && found.length < most) {
    const part = await get(path);
    found.push(...part.features);
    matched = part.numberMatched ?? found.length;
    const next = part.links?.find((link) => link.rel === 'next');
    if (!next || !part.features.length) break;
    const where = new URL(next.href, location.href);
    path = where.pathname + where.search;
  }
  return { features: found, matched };
}

let stream;
/** Listen to the one stream of this page. */
export function listen(event, run) {
  stream ??= new EventSource('/api/events');
  stream.addEventListener(event, (message) => run(JSON.parse(message.data)));
  return stream;
}
addEventListener('pagehide', () => { stream?.close(); stream = undefined; });
