// The one clock: the server's time, ticking between its messages; every panel asks this module.
import { get, listen } from './api.js';
import { context, t } from './context.js';
import { $ } from './dom.js';
import { day, hms, stamp } from './format.js';

let base = Date.parse(context.now);
let since = performance.now();
let source = context.demo ? 'data' : 'system';

export const now = () => new Date(base + performance.now() - since);

function set(value) {
  base = Date.parse(value);
  since = performance.now();
}
function draw() {
  const at = now();
  const clock = $('#clock');
  clock.dateTime = at.toISOString();
  clock.firstElementChild.textContent = hms(at);
  clock.lastElementChild.textContent = day(at);
}
export async function startClock() {
  draw();
  setInterval(draw, 1000);
  listen('clock', (message) => set(message.now));
  const answer = await get('/api/now').catch(() => null);
  if (answer) { set(answer.now); source = answer.source; draw(); }
  $('#clock').title = t(source === 'data' ? 'clock.data' : 'clock.system', { as_of: stamp(context.data_as_of) });
}
