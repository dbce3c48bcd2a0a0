// Numbers, times and lengths as they stand on the screen: 24 hours, metric, 2026-11-22 周日.
import { context, t, zh } from './context.js';

const whole = new Intl.NumberFormat(zh ? 'zh-CN' : 'en-GB', { maximumFractionDigits: 0 });
const missing = (v) => v === null || v === undefined || Number.isNaN(v);

export function number(value, digits = 0) {
  if (missing(value)) return '–';
  return digits ? new Intl.NumberFormat(zh ? 'zh-CN' : 'en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value) : whole.format(value);
}
/** Three meaningful digits: 0.042, 4.2, 42, 420. */
export function short(value) {
  if (missing(value)) return '–';
  const size = Math.abs(value);
  return number(value, size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 1 : 2);
}
export const percent = (share, digits = 1) => (missing(share) ? '–' : `${number(share * 100, digits)}%`);
export const signed = (value, digits = 0) => (missing(value) ? '–' : `${value > 0 ? '+' : value < 0 ? '−' : '±'}${number(Math.abs(value), digits)}`);
/** Two Poisson counts of equal length: is the difference within what chance alone gives (|z| < 1.96)? */
export const chance = (a, b) => (a + b > 0 && Math.abs(a - b) / Math.sqrt(a + b) < 1.96 ? t('chance') : '');
export const interval = (pair) => (pair ? t('interval', { lo: number(pair[0]), hi: number(pair[1]) }) : '');

/** A date whose UTC fields read as local time of the city. */
export function local(value) {
  const date = value instanceof Date ? value : new Date(value);
  return new Date(date.getTime() + context.tz_minutes * 60000);
}
const two = (n) => String(n).padStart(2, '0');
export const ymd = (value) => { const d = local(value); return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`; };
export const md = (value) => ymd(value).slice(5);
export const hm = (value) => { const d = local(value); return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`; };
export const hms = (value) => `${hm(value)}:${two(local(value).getUTCSeconds())}`;
export const weekday = (value) => t(`weekday.long.${local(value).getUTCDay() || 7}`);
export const day = (value) => `${ymd(value)} ${weekday(value)}`;
export const stamp = (value) => (value ? `${md(value)} ${hm(value)}` : '–');
export const span = (from, to) => t('span', { from: stamp(from), to: stamp(to) });
const midnight = (value) => { const d = local(value); return d.getUTCHours() + d.getUTCMinutes() === 0; };
/** A period: dates where it begins and ends at midnight, else with the hours. */
export const period = (from, to) => (midnight(from) && midnight(to) ? t('span', { from: ymd(from), to: ymd(Date.parse(to) - 1000) }) : t('span', { from: `${ymd(from)} ${hm(from)}`, to: `${ymd(to)} ${hm(to)}` }));
/** ISO time of a local date and hour. */
export function iso(date, hour = 0) {
  const sign = context.tz_minutes < 0 ? '-' : '+';
  const size = Math.abs(context.tz_minutes);
  return `${date}T${two(hour)}:00:00${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

export function seconds(value) {
  if (missing(value) || !Number.isFinite(value)) return t('unreachable');
  const all = Math.round(value);
  if (all < 60) return t('time.s', { s: all });
  const m = Math.floor(all / 60);
  return all < 3600 ? t('time.ms', { m, s: two(all % 60) }) : t('time.hm', { h: Math.floor(m / 60), m: two(m % 60) });
}
export const minutes = (value, digits = 1) => t('time.m', { m: number(value / 60, digits) });
export const metres = (value) => (missing(value) ? '–' : value < 995 ? `${number(value)} ${t('unit.m')}` : `${number(value / 1000, value < 9950 ? 2 : 1)} ${t('unit.km')}`);
export const area = (m2) => (missing(m2) ? '–' : Math.abs(m2) < 1e5 ? `${number(m2)} ${t('unit.m2')}` : `${number(m2 / 1e6, 3)} ${t('unit.km2')}`);
export function age(value) {
  if (missing(value)) return t('age.never');
  return value < 60 ? t('age.s', { s: Math.round(value) }) : value < 3600 ? t('age.m', { m: Math.round(value / 60) }) : t('age.h', { h: Math.round(value / 3600) });
}
export const freshness = (value) => (missing(value) ? 'lost' : context.legends.ages.find(([limit]) => value <= limit)?.[1] ?? 'lost');
