// A report that takes longer than a second is a job: wait for it, then ask again at the same address.
import { get, Problem } from './api.js';
import { lang } from './context.js';

const pause = (ms) => new Promise((go) => { setTimeout(go, ms); });

/** Ask until the answer is there; `tell(job)` hears how far it is. Returns the Response. */
export async function patient(path, tell) {
  for (let tries = 0; tries < 3; tries += 1) {
    const answer = await fetch(path, { headers: { 'Accept-Language': lang === 'en' ? 'en' : 'zh-CN' } });
    if (answer.status === 202) {
      const { status_url } = await answer.json();
      await ended(status_url, tell);
    } else if (answer.ok) return answer;
    else throw new Problem(answer.status, await answer.json().catch(() => null));
  }
  throw new Problem(503, null);
}

async function ended(url, tell) {
  for (;;) {
    const job = await get(url);
    if (job.state === 'done') return;
    if (job.state === 'failed' || job.state === 'cancelled') throw new Problem(500, job.problem);
    tell(job);
    await pause(400);
  }
}
