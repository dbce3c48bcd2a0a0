// The street base map, drawn on canvas from our own vector tiles; names use the computer's fonts, so no glyph files.
const P = window.protomapsL;
const FONT = '"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif';
const INK = {
  light: { ground: '#e9edf1', casing: '#9aa0a8', road: '#ffffff', main: '#fbe5b0', mainCasing: '#c9a24e', path: '#bcc3cc', text: '#2f3a47', halo: '#ffffff', green: '#dcebd8', water: '#bcd8eb', building: '#e2e7ed' },
  dark: { ground: '#0a121c', casing: '#060b12', road: '#2f4560', main: '#46607f', mainCasing: '#0a121c', path: '#1a2838', text: '#a9bacd', halo: '#0a121c', green: '#10241e', water: '#0c2a44', building: '#131f2d' },
};
/** Width by zoom: grows by a power between the stops. */
function grow(stops, base = 1.6) {
  return (zoom) => {
    if (zoom <= stops[0][0]) return stops[0][1];
    for (let i = 1; i < stops.length; i++) {
      const [z1, w1] = stops[i];
      if (zoom > z1) continue;
      const [z0, w0] = stops[i - 1];
      return w0 + ((w1 - w0) * (base ** (zoom - z0) - 1)) / (base ** (z1 - z0) - 1);
    }
    return stops[stops.length - 1][1];
  };
}
const WIDTH = {
  main: grow([[9, 1], [13, 3], [16, 10], [19, 30]]),
  middle: grow([[10, 0.6], [13, 1.8], [16, 7], [19, 24]]),
  small: grow([[11, 0.3], [12.5, 0.9], [14, 1.7], [16, 4.5], [19, 18]]),
  path: grow([[14, 0.4], [16, 1.2], [19, 4]]),
};
const wider = (width, by) => (zoom) => width(zoom) + by;

/** Return ground and names of a theme as two layers, so that heat lies between; r is the rank 1 (motorway) to 6 (path), n the name. */
export function basemap(theme) {
  const ink = INK[theme];
  const rank = (...ranks) => (zoom, feature) => ranks.includes(feature.props.r);
  const line = (ranks, color, width) => ({ dataLayer: 'streets', filter: rank(...ranks), symbolizer: new P.LineSymbolizer({ color, width, lineCap: 'round', lineJoin: 'round' }) });
  const area = (dataLayer, fill, filter) => ({ dataLayer, filter, symbolizer: new P.PolygonSymbolizer({ fill }) });
  const label = (ranks, minzoom, size, weight = '') => ({
    dataLayer: 'streets', minzoom, filter: (zoom, feature) => Boolean(feature.props.n) && ranks.includes(feature.props.r),
    symbolizer: new P.LineLabelSymbolizer({ labelProps: ['n'], fill: ink.text, stroke: ink.halo, width: 3, font: `${weight} ${size}px ${FONT}` }),
    sort: (a, b) => a.r - b.r,
  });
  const layer = (options) => P.leafletLayer({ url: '/api/collections/streets/tiles/WebMercatorQuad/{z}/{y}/{x}', maxDataZoom: 16, attribution: '', lang: 'zh', paintRules: [], labelRules: [], ...options });
  const ground = layer({
    backgroundColor: ink.ground,
    paintRules: [
      area('landuse', ink.green), area('water', ink.water), area('buildings', ink.building),
      line([6], ink.path, WIDTH.path), line([5], ink.casing, wider(WIDTH.small, 1.2)), line([3, 4], ink.casing, wider(WIDTH.middle, 1.4)), line([1, 2], ink.mainCasing, wider(WIDTH.main, 1.4)),
      line([5], ink.road, WIDTH.small), line([3, 4], ink.road, WIDTH.middle), line([1, 2], ink.main, WIDTH.main),
    ],
  });
  const names = layer({ pane: 'names', labelRules: [label([1, 2], 13, 12.5, '600'), label([3, 4], 14, 12), label([5], 16, 11.5), label([6], 17, 11)] });
  return [ground, names];
}
