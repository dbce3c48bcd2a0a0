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
  const form = body instanceof FormData; // the browser writes its type and boundary itself
  if (body !== undefined && !form) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined || form ? body : JSON.stringify(body), signal });
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
export const put = (path, body) => ask('PUT', path, body);
export const remove = (path) => ask('DELETE', path);
function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
/** Send files and fields as a form. */
export const send = (path, fields) => ask('POST', path, formOf(fields));

/** Send files as `send` does; `tell(share)` hears how much of them is sent. */
export function upload(path, fields, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Accept-Language', lang === 'en' ? 'en' : 'zh-CN');
    request.upload.onprogress = (event) => { if (event.lengthComputable) tell(event.loaded / event.total); };
    request.onerror = () => reject(new Problem(0, { detail_zh: t('error.network'), detail_en: t('error.network') }));
    request.onload = () => {
      let body = null;
      try { body = JSON.parse(request.responseText); } catch { /* an answer that is no JSON has no sentence either */ }
      if (request.status >= 200 && request.status < 300) resolve(body); else reject(new Problem(request.status, body));
    };
    request.send(formOf(fields));
  });
}

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

// The one stream of this page. It speaks every two seconds: silence means that what is seen is old.
const SILENCE = 12000;
const hearers = [];
const watchers = [];
let stream;
let heard = 0;
let alive = true;

function tell(now) {
  if (now === alive) return;
  alive = now;
  watchers.forEach((run) => run(alive));
}
function connect() {
  stream?.close();
  stream = new EventSource('/api/events');
  heard = performance.now();
  stream.onopen = () => { heard = performance.now(); };
  stream.onerror = () => { if (!document.hidden) tell(false); };
  for (const [event, run] of hearers) attach(event, run);
}
const attach = (event, run) => stream.addEventListener(event, (message) => { heard = performance.now(); tell(true); run(JSON.parse(message.data)); });
function disconnect() { stream?.close(); stream = undefined; }

/** Listen to the stream; it reconnects by itself. */
export function listen(event, run) {
  hearers.push([event, run]);
  if (stream) attach(event, run); else connect();
}
/** Run with false when the server falls silent and with true when it is back. */
export function onConnection(run) { watchers.push(run); }
setInterval(() => { if (hearers.length && !document.hidden && (!stream || performance.now() - heard > SILENCE)) { tell(false); connect(); } }, 3000);
// A browser opens six connections to a host: tabs that nobody sees give theirs back.
let leaving = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(disconnect, 5000);
  else if (!stream && hearers.length) connect();
});
addEventListener('pagehide', disconnect);
addEventListener('pageshow', (event) => { if (event.persisted && hearers.length) connect(); });
