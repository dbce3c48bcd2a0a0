// The score of the posts as they stand now: one question under way, the newest next, none queued.
import { post as send } from './api.js';
import { t } from './context.js';
import { card, h, meta, table } from './dom.js';
import { number, percent, seconds } from './format.js';
import { aboutDemand } from './posts-words.js';

/** `score(posts)` asks; `show(answer, posts)` gets each answer in order; `fail(error)` hears what went wrong. */
export function liveScore({ question, show, fail }) {
  let running = false;
  let next = null;
  async function score(posts) {
    if (running) { next = posts; return; }
    running = true;
    try {
      if (posts.length) { const began = performance.now(); const answer = await send('/api/posts/score', { ...question(), posts }); show(answer, posts, performance.now() - began); }
    } catch (error) { fail(error); } finally {
      running = false;
      if (next) { const later = next; next = null; score(later); }
    }
  }
  return score;
}

const sign = (d) => (d > 0 ? '+' : d < 0 ? '−' : '±');
/** A difference with its direction in words for the eye: better green, worse red, sign always there. */
export function delta(a, b, format, better, apart = format) {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return '–';
  const d = b - a;
  return h(Math.abs(d) < 1e-9 || !better ? 'span.delta' : Math.sign(d) === better ? 'span.delta.up' : 'span.delta.down', null, `${sign(d)}${apart(Math.abs(d))}`);
}
const few = (d) => (d < 10 ? t('time.s', { s: number(d, 1) }) : seconds(d));
const points = (d) => t('points.percent', { n: number(d * 100, 1) });

/** Rows of figures of two states: before and after. */
export function differences(before, after, { posts = true, worstGrid = false } = {}) {
  const row = (label, name, format, better, apart = format) => {
    const [a, b] = [before?.[name], after?.[name]];
    return [label, Number.isFinite(a) ? format(a) : '–', Number.isFinite(b) ? format(b) : '–', delta(a, b, format, better, apart)];
  };
  const grid = (s) => ({ worst_of_grids: s?.worst_grid?.seconds });
  return table([['', (r) => r[0]], [t('before'), (r) => r[1], 'n'], [t('after'), (r) => r[2], 'n'], [t('change'), (r) => r[3], 'n']], [
    posts && row(t('posts.n'), before?.n_posts === undefined ? 'posts' : 'n_posts', number, 0), row(t('share.covered'), 'share', percent, 1, points), row(t('mean'), 'mean_seconds', seconds, -1, few), row(t('p90'), 'p90_seconds', seconds, -1, few),
    worstGrid && [t('worst'), seconds(grid(before).worst_of_grids), seconds(grid(after).worst_of_grids), delta(grid(before).worst_of_grids, grid(after).worst_of_grids, seconds, -1, few)], row(t('worst.place'), 'worst_seconds', seconds, -1, few),
  ].filter(Boolean).filter((r) => r[2] !== '–'), { label: t('posts.compare') });
}

/** The card that follows the pointer. */
export function liveCard(base, now, { name, buttons }) {
  return card(t('posts.live'), { kind: 'key', id: 'live', aside: name },
    differences(base, now, { worstGrid: true }),
    meta(t('interval', { lo: percent(now.interval[0]), hi: percent(now.interval[1]) }), ...aboutDemand(now, now.n)),
    meta(now.worst_grid ? t('posts.worst', { grid: now.worst_grid.name ?? now.worst_grid.code, time: seconds(now.worst_grid.seconds) }) : '', now.off_street.length ? t('posts.off_street', { n: number(now.off_street.length) }) : '', now.unreachable.length ? t('posts.unreachable', { n: number(now.unreachable.length), names: now.unreachable.slice(0, 3).join('、') }) : ''),
    h('div.details', null, buttons));
}
