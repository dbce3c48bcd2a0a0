// Grids as vector tiles: thousands are drawn as fast as a few; one click asks the server which grid it is.
import { map, ink, onTheme, theme } from './mapview.js';

const P = window.protomapsL;
const NONE = 'rgba(0,0,0,0)';

/** Draw grids; `fills` gives the colour of a code (choropleth), `lines` whether borders are drawn. */
export function gridTiles({ collection = 'grids', dataLayer = 'grids', pane = 'grids' } = {}) {
  let layer;
  let fills = null;
  let lines = true;
  let codes = false;
  let version = 0;
  let without = null;
  const paintRules = () => {
    const c = ink();
    const color = dataLayer === 'police_grids' ? (theme() === 'dark' ? '#d49cf0' : '#7b2d8e') : c.line;
    const rules = [];
    const colors = fills; // tiles that are still being drawn keep the colours they began with
    if (colors) rules.push({ dataLayer, symbolizer: new P.PolygonSymbolizer({ perFeature: true, fill: (z, f) => colors.get(f.props.code) ?? NONE, opacity: 0.72 }) });
    const hidden = without;
    const filter = hidden ? (z, f) => !hidden.has(f.props.code) : undefined;
    if (lines) rules.push({ dataLayer, filter, symbolizer: new P.LineSymbolizer({ color, width: (z) => (z < 12 ? 0.35 : z < 14 ? 0.6 : z < 15 ? 0.9 : 1.3), opacity: 0.6 }) });
    return rules;
  };
  const make = () => {
    const c = ink();
    const hidden = without;
    const names = codes ? [{ dataLayer: `${dataLayer}_labels`, minzoom: 14, filter: hidden ? (z, f) => !hidden.has(f.props.code) && f.props.kind !== 'special' : undefined, symbolizer: new P.CenteredTextSymbolizer({ labelProps: ['code'], fill: c.strong, stroke: c.halo, width: 3, font: '600 11px sans-serif' }) }] : [];
    return P.leafletLayer({ url: `/api/collections/${collection}/tiles/WebMercatorQuad/{z}/{y}/{x}?v=${version}`, maxDataZoom: 16, attribution: '', pane, paintRules: paintRules(), labelRules: names });
  };
  const redraw = () => {
    if (!layer) return;
    const next = make().addTo(map);
    const old = layer;
    layer = next;
    let gone = false;
    const drop = () => { if (!gone) { gone = true; old.remove(); } };
    next.once('load', drop);
    setTimeout(drop, 900);
  };
  onTheme(redraw);
  return {
    show(on) { if (on && !layer) layer = make().addTo(map); else if (!on && layer) { layer.remove(); layer = undefined; } },
    get shown() { return Boolean(layer); },
    paint(next) { if (!next && !fills) return; fills = next; redraw(); },
    /** New colours on the tiles that are there, without fetching or fading: for a choropleth that follows the hand. */
    recolor(next) { if (!layer || !fills) { this.paint(next); return; } fills = next; layer.paintRules = paintRules(); layer.rerenderTiles(); },
    borders(on) { if (on !== lines) { lines = on; redraw(); } },
    /** Leave out grids that are drawn by somebody else: a set of codes, or null. */
    except(codes) { if (codes === without || (codes && without && codes.size === without.size && [...codes].every((c) => without.has(c)))) return; without = codes; redraw(); },
    label(on) { codes = on; redraw(); },
    refresh(next) { version = next; redraw(); },
  };
}
