// Reports on the grids: how each is asked for, and what it says, with n, method and edition.
import { t, zh } from './context.js';
import { card, figure, fill, h, meta, pairs, table, tiles } from './dom.js';
import { area, interval, number, percent, period } from './format.js';

const said = (x) => (zh ? x.sentence_zh : x.sentence_en);
const MOST = 200;
const SMALL = 30; // below it a percentage says nothing
/** Rows of a table, the first of many; who reads all takes the file. */
const some = (rows) => rows.slice(0, MOST);
const more = (rows) => (rows.length > MOST ? meta(t('checks.more', { n: number(rows.length), k: number(MOST) })) : null);
const good = (words) => h('p.claim', null, h('span.tag.good', null, words));

/** Counts by kind, largest first. */
function kinds(rows, of) {
  const count = new Map();
  for (const row of rows) count.set(of(row), (count.get(of(row)) ?? 0) + 1);
  return [...count].sort((a, b) => b[1] - a[1]);
}
const kindName = (kind) => (t(`checks.kind.${kind}`) === `checks.kind.${kind}` ? kind : t(`checks.kind.${kind}`));
function found(rows, label, pick) {
  return rows.length ? [h('div.chips', null, kinds(rows, (x) => x.kind ?? x.check).map(([kind, n]) => h('span.tag', null, `${kindName(kind)} ${number(n)}`))),
    table([[t('checks.what'), (x) => [h('b', null, kindName(x.kind ?? x.check)), ' ', said(x)]]], some(rows), { label, pick, key: (x) => `${x.lon},${x.lat}` }), more(rows)] : null;
}
/** Marks for the map: what has a place. */
const marks = (rows, bad = true) => rows.filter((x) => Number.isFinite(x.lon)).map((x) => ({ lon: x.lon, lat: x.lat, title: said(x), bad: bad && x.severity !== 'note' }));

export const REPORTS = {
  check: {
    path: (v) => `/api/grids/check?${new URLSearchParams({ gap_width_m: v.gap_width_m || 1, sliver_width_m: v.sliver_width_m || 1 })}`,
    draw: (r, pick) => ({ marks: marks(r.faults), cards: [
      card(t('checks.check'), { kind: r.faults.length ? 'alarm' : 'key', aside: r.edition }, figure(number(r.faults.length), t('checks.faults')), r.faults.length ? null : good(t('checks.whole')),
        pairs([[t('checks.looked'), number(r.n)], [t('checks.area'), area(r.area_m2)], [t('checks.parts'), number(r.parts)]])),
      r.faults.length ? card(t('checks.found'), { aside: number(r.faults.length) }, found(r.faults, t('checks.found'), pick)) : null] }),
  },
  repair: {
    post: (v, commit) => ['/api/grids/repair', { tolerance_m: Number(v.tolerance_m) || 0.5, gap_width_m: Number(v.repair_gap_m) || 1, commit }],
    draw: (r, pick, commit) => ({ marks: [...marks(r.changes, false), ...marks(r.left)], cards: [
      card(t('checks.repair'), { kind: 'key', aside: r.edition ?? t('checks.preview') }, tiles([[number(r.faults_before), t('checks.faults.before')], [number(r.faults_after), t('checks.faults.after')], [number(r.changes.length), t('checks.changes')]]),
        pairs([[t('checks.area.before'), area(r.area_before_m2)], [t('checks.area.after'), area(r.area_after_m2)], [t('checks.tolerance'), `${number(r.tolerance_m, 1)} ${t('unit.m')}`]]), commit),
      card(t('checks.changes'), { aside: number(r.changes.length) }, found(r.changes, t('checks.changes'), pick) ?? good(t('checks.nothing'))),
      r.left.length ? card(t('checks.left'), { kind: 'alarm', aside: number(r.left.length) }, found(r.left, t('checks.left'), pick)) : null] }),
    commits: (r) => r.changes.length > 0 && !r.edition,
  },
  renumber: {
    post: (v, commit) => ['/api/grids/renumber', { band_m: Number(v.band_m) || 500, fresh: Boolean(v.fresh), commit }],
    draw: (r, pick, commit) => ({ marks: [], cards: [
      card(t('checks.renumber'), { kind: 'key', aside: r.committed ? r.edition : t('checks.preview') }, tiles([[number(r.renamed.length), t('checks.renamed')], [number(r.kept), t('checks.kept')], [number(r.collisions.length), t('checks.collisions')]]), commit),
      r.nearly_full.length ? card(t('checks.nearly_full'), { kind: 'alarm' }, h('ul.notes', null, r.nearly_full.map((x) => h('li', null, said(x))))) : null,
      card(t('checks.renamed'), { aside: number(r.renamed.length) }, r.renamed.length ? [table([[t('checks.code.before'), (x) => x.from], [t('checks.code.after'), (x) => x.to]], some(r.renamed), { label: t('checks.renamed') }), more(r.renamed)] : good(t('checks.nothing')))] }),
    commits: (r) => r.renamed.length > 0 && !r.committed,
  },
  merge: {
    send: (v, commit, files) => [`/api/grids/merge?${new URLSearchParams({ rule: v.rule, min_piece_m2: v.min_piece_m2 || 0, commit, ...(v.frame ? { frame: v.frame } : {}) })}`, files],
    draw: (r, pick, commit) => ({ marks: marks(r.contested), cards: [
      card(t('checks.merge'), { kind: 'key', aside: r.edition ?? t('checks.preview') }, tiles([[number(r.layers.length), t('checks.layers')], [number(r.grids), t('checks.grids')], [number(r.contested.length), t('checks.contested')]]), meta(t(`checks.rule.${r.rule}`), r.layers.join('、')), commit),
      card(t('checks.contested'), { aside: number(r.contested.length) }, r.contested.length ? [table([[t('checks.what'), said], [t('checks.area'), (x) => area(x.area_m2), 'n']], some(r.contested), { label: t('checks.contested'), pick }), more(r.contested)] : good(t('checks.nothing'))),
      card(t('checks.provenance'), { aside: number(r.provenance.length) }, table([[t('checks.grid'), (x) => x.grid], [t('checks.source'), (x) => `${x.layer} ${x.source_code}`], [t('checks.role'), (x) => t(`checks.role.${x.role}`)], [t('checks.share'), (x) => percent(x.share_of_grid), 'n']], some(r.provenance), { label: t('checks.provenance') }), more(r.provenance))] }),
    commits: (r) => r.grids > 0 && !r.edition,
  },
  conformity: {
    path: (v) => `/api/grids/conformity?${new URLSearchParams(Object.fromEntries(['households_min', 'households_max'].filter((k) => v[k]).map((k) => [k, v[k]])))}`,
    file: 'xlsx',
    draw: (r, pick) => ({ marks: marks(r.findings, true), cards: [
      card(t('checks.conformity'), { kind: 'key', aside: r.edition }, figure(number(r.faults), t('checks.faults')), meta(t('checks.of', { n: number(r.n) })), h('p.claim', null, zh ? r.statement_zh : r.statement_en)),
      card(t('checks.principles'), { aside: number(r.checks.length) }, table([[t('checks.principle'), (x) => [h('b', null, kindName(x.check)), ' ', said(x)]], [t('checks.looked'), (x) => number(x.looked_at), 'n'], [t('checks.faults'), (x) => number(x.faults), 'n']], r.checks, { label: t('checks.principles') })),
      card(t('checks.found'), { aside: number(r.findings.length) }, found(r.findings, t('checks.found'), pick) ?? good(t('checks.nothing')))] }),
  },
  misfit: {
    path: (v) => `/api/grids/misfit?${dated(v, { from: 'from', to: 'to' })}`,
    draw: (r) => ({ marks: [], cards: [
      card(t('checks.misfit'), { kind: 'key', aside: r.edition }, figure(r.share === null ? '–' : percent(r.share), t('checks.misfit.share'), r.interval && `${percent(r.interval[0])}–${percent(r.interval[1])}`),
        meta(t('checks.calls', { k: number(r.misfit), n: number(r.n) }), period(r.from, r.to), t('checks.left_out', { n: number(r.left_out) }))),
      card(t('checks.by_station'), {}, table([[t('checks.station'), (x) => [x.name || x.station, ' ', h('small', null, x.station)]], ['n', (x) => number(x.n), 'n'], [t('checks.misfit.n'), (x) => number(x.misfit), 'n'], [t('checks.misfit.share'), (x) => (x.share === null ? '–' : h('span', { title: x.interval ? `${percent(x.interval[0])}–${percent(x.interval[1])}` : '' }, percent(x.share))), 'n']], r.by_station, { label: t('checks.by_station') })),
      card(t('checks.proposals'), { aside: number(r.proposals.length) }, r.proposals.length ? h('ol.notes', null, r.proposals.map((x) => h('li', null, said(x)))) : good(t('checks.nothing')))] }),
  },
  staffing: {
    path: (v) => `/api/grids/staffing?${new URLSearchParams({ template: v.template, level: v.level })}`,
    draw: (r) => ({ marks: [], cards: [
      card(t('checks.staffing'), { kind: 'key' }, tiles([[number(r.required), t('checks.required')], [number(r.filled), t('checks.filled')], [number(r.vacant), t('checks.vacant')]]),
        meta(t('checks.surplus', { n: number(r.surplus) }), r.outside ? t('checks.outside', { n: number(r.outside) }) : null)),
      card(t(`checks.level.${r.level}`), { aside: number(r.rows.length) }, table([[t('checks.unit'), (x) => [x.name || x.code, ' ', h('small', null, zh ? x.role_zh : x.role)]], [t('checks.required'), (x) => number(x.required), 'n'], [t('checks.vacant'), (x) => number(x.vacant), 'n'], [t('checks.ratio'), (x) => (x.share === null ? '–' : percent(x.share, 0)), 'n']], some(r.rows), { label: t('checks.staffing') }), more(r.rows))] }),
  },
  restate: {
    path: (v) => `/api/grids/restate?${dated(v, { from: 'from', to: 'to', before_from: 'before_from', before_to: 'before_to' })}${v.edition ? `&edition=${encodeURIComponent(v.edition)}` : ''}`,
    draw: (r) => ({ marks: [], cards: [
      card(t('checks.restate'), { kind: 'key', aside: r.edition }, figure(changed(r.total.change), t('checks.change'), changes(r.total.interval)),
        meta(t('checks.counts', { a: number(r.total.n_before), b: number(r.total.n_after) }), r.total.p < 0.001 ? 'p < 0.001' : `p = ${number(r.total.p, 3)}`, r.total.p >= 0.05 ? t('chance') : null),
        pairs([[t('checks.period'), period(r.from, r.to)], [t('checks.before'), period(r.before_from, r.before_to)], [t('checks.method'), zh ? r.method_zh : r.method_en], [t('checks.no_grid'), `${number(r.total.outside_before)} → ${number(r.total.outside_after)}`]])),
      card(t('checks.grids'), { aside: number(r.grids.length) }, table([[t('checks.grid'), (x) => x.code], [t('checks.n.before'), (x) => number(x.n_before), 'n'], [t('checks.n.after'), (x) => number(x.n_after), 'n'], [t('checks.change'), (x) => (Math.min(x.n_before, x.n_after) < SMALL ? h('span.faint', { title: t('checks.small') }, '–') : h('span', { title: changes(x.interval) }, changed(x.change))), 'n'], ['p', (x) => (x.p < 0.001 ? '< 0.001' : number(x.p, 3)), 'n']], some([...r.grids].sort((a, b) => a.p - b.p)), { label: t('checks.grids') }), more(r.grids), meta(t('checks.many'), t('checks.small')))] }),
  },
};
const changed = (share) => (share === null ? '–' : `${share > 0 ? '+' : share < 0 ? '−' : ''}${percent(Math.abs(share))}`);
const changes = (pair) => (pair ? `${changed(pair[0])} – ${pair[1] === null ? '∞' : changed(pair[1])}` : '');
function dated(values, names) {
  return new URLSearchParams(Object.entries(names).filter(([name]) => values[name]).map(([name, to]) => [to, values[name]]));
}

/** Show a report: its cards in the panel; returns what belongs on the map. */
export function showReport(name, report, panel, pick, extras) {
  const drawn = REPORTS[name].draw(report, pick, extras);
  fill(panel, drawn.cards.filter(Boolean));
  return drawn.marks;
}
