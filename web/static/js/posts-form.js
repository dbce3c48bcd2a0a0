// The form: a model in plain words, the fields that it needs, and the question they make.
import { context, t } from './context.js';
import { $, $$ } from './dom.js';
import { iso, ymd } from './format.js';

export const form = $('#solve');
const e = form.elements;
const given = (name) => (e[name].value.trim() === '' ? null : Number(e[name].value));

export const minutes = () => Number(e.minutes.value);
export const profile = () => e.profile.value;
const from = () => iso(new Date(Date.parse(`${ymd(context.data_as_of)}T00:00:00Z`) - (Number(e.days.value) - 1) * 86400000).toISOString().slice(0, 10));

export const demandKind = () => e.demand.value;
const rows = (text) => text.split(/[\n;；]+/).map((line) => line.trim()).filter(Boolean);
/** Lines `key,lon,lat[,number]` as places. */
export const places = (text, name = 'weight') => rows(text).map((line) => { const [key, lon, lat, n] = line.split(/[,，\t]+/).map((part) => part.trim()); return { key, lon: Number(lon), lat: Number(lat), ...(n ? { [name]: Number(n) } : {}) }; });
const pairsOf = (text) => Object.fromEntries(text.split(/[\s;；]+/).filter(Boolean).map((line) => { const [id, ...rest] = line.split('='); return [id, rest.join('=')]; }));
/** Whose demand, at what standard: what evaluating, scoring and solving share. A whole year is the server's own period. */
export function demandAsked() {
  const kind = demandKind();
  if (kind === 'points') return { profile: profile(), points: [e.points.value] };
  if (kind === 'needs') return { profile: profile(), needs: places(e.needs.value) };
  return { profile: profile(), basis: e.basis.value, citizen: e.citizen.checked ? 'only' : 'any', ...(e.days.value === '365' ? {} : { from: from(), to: context.data_as_of }), ...(e.hours.value ? { hours: e.hours.value } : {}), ...(e.weekdays.value ? { weekdays: e.weekdays.value } : {}) };
}
const shared = (edited) => ({ ...demandAsked(), radius_minutes: minutes(), candidates: e.candidates.value, seconds: Number(e.seconds.value), seed: Number(e.seed.value), ...edited });

const costs = () => ({ costs: Object.fromEntries(Object.entries(pairsOf(e.costs.value)).map(([id, v]) => [id, Number(v)])), site_cost: given('site_cost') ?? 1 });
const OWN = {
  mclp: () => ({ p: given('budget') === null ? given('p') : null, max_moves: given('max_moves'), budget: given('budget'), ...(given('budget') === null ? {} : costs()) }),
  lscp: () => costs(),
  p_median: () => ({ p: given('p'), max_moves: given('max_moves') }),
  backup: () => ({ p: given('p'), k: given('k'), most_at_a_site: given('most_at_a_site') }),
  mexclp: () => ({ p: given('p'), busy: given('busy') === null ? null : given('busy') / 100, most_at_a_site: given('most_at_a_site') }),
  capacity: () => ({ p: given('p'), capacity: given('capacity'), within: Boolean(e.within.value) }),
  robust: () => ({ p: given('p'), scenarios: e.scenarios.value }),
  timed: () => ({ p: given('p'), opening: pairsOf(e.opening.value) }),
  hierarchy: () => {
    const [p1, p5] = [given('p1'), given('p5')];
    if (p1 === null && p5 === null) return { p: given('p') };
    return { p: given('p'), levels: [p1 && { minutes: 1, p: p1, profile: 'motorcycle', kinds: ['street_post', 'kiosk'] }, { minutes: 3, p: given('p'), profile: 'response_car' }, p5 && { minutes: 5, p: p5, profile: 'response_car', kinds: ['station'] }].filter(Boolean) };
  },
};
/** The question of the form and of her changes on the map. */
export function question(edited) {
  const model = e.model.value;
  const own = (OWN[model] ?? (() => ({ p: given('p') })))();
  return { model, ...shared(edited), ...Object.fromEntries(Object.entries(own).filter(([, v]) => v !== null)) };
}
export const frontQuestion = (edited) => ({ ...shared(edited), p: given('p') ?? 1 });
export const curveQuestion = (kind, edited, plan) => ({ ...shared(edited), kind, count: kind === 'value' ? 12 : 10, ...(plan ? { plan } : {}) });
export const pinQuestion = (edited, post_id, must) => ({ ...shared(edited), p: given('p') ?? 1, post_id, must });
export const models = () => e.model.value;

function fit() {
  const model = e.model.value;
  for (const node of $$('[data-for]', form)) node.hidden = !node.dataset.for.split(' ').includes(model);
  for (const node of $$('[data-demand]', form)) node.hidden = !node.dataset.demand.split(' ').includes(demandKind());
  e.p.required = !['lscp'].includes(model);
  $('#model-help').textContent = t(`posts.model.${model}.help`);
}
e.model.addEventListener('change', fit);
e.demand.addEventListener('change', fit);
fit();
export const valid = () => form.checkValidity();
