// Shapes of dots, drawn alike on the map's canvas and in legends: a state is never told by colour alone.
const around = (n, turn = -90, inner = 0) => {
  const points = [];
  const count = inner ? n * 2 : n;
  for (let i = 0; i < count; i++) {
    const a = ((turn + (360 / count) * i) * Math.PI) / 180;
    const r = inner && i % 2 ? inner : 1;
    points.push([Math.cos(a) * r, Math.sin(a) * r]);
  }
  return points;
};
const OUTLINES = {
  square: [[-0.82, -0.82], [0.82, -0.82], [0.82, 0.82], [-0.82, 0.82]],
  triangle: [[0, -1.05], [1.02, 0.78], [-1.02, 0.78]],
  down: [[0, 1.05], [1.02, -0.78], [-1.02, -0.78]],
  diamond: [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
  hexagon: around(6, 0), pentagon: around(5), star: around(5, -90, 0.48),
  arrow: [[0, -1.15], [0.95, 0.95], [0, 0.5], [-0.95, 0.95]],
  cross: [[-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35], [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35]],
};

function trace(ctx, shape, x, y, r) {
  const outline = OUTLINES[shape];
  ctx.beginPath();
  if (!outline) { ctx.arc(x, y, r * 0.92, 0, Math.PI * 2); return; }
  outline.forEach(([dx, dy], i) => (i ? ctx.lineTo(x + dx * r, y + dy * r) : ctx.moveTo(x + dx * r, y + dy * r)));
  ctx.closePath();
}

L.Canvas.include({
  _updateShape(layer) {
    if (!this._drawing || layer._empty()) return;
    const { x, y } = layer._point;
    trace(this._ctx, layer.options.shape, x, y, layer._radius);
    this._fillStroke(this._ctx, layer);
  },
});
const Shape = L.CircleMarker.extend({ _updatePath() { this._renderer._updateShape(this); } });

/** A dot on the map; options as for Leaflet paths, and shape and radius. */
export const dot = (lat, lon, options) => new Shape([lat, lon], { weight: 1.5, fillOpacity: 1, ...options });

/** The same dot for legends and lists. */
export function glyph(shape, { fill = 'none', stroke = 'currentColor', dash, r = 6.2, weight = 1.5 } = {}) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '-9 -9 18 18');
  svg.setAttribute('width', '18');
  svg.setAttribute('height', '18');
  svg.setAttribute('aria-hidden', 'true');
  const outline = OUTLINES[shape];
  const path = document.createElementNS('http://www.w3.org/2000/svg', outline ? 'path' : 'circle');
  if (outline) path.setAttribute('d', `M${outline.map(([x, y]) => `${(x * r).toFixed(2)} ${(y * r).toFixed(2)}`).join('L')}Z`);
  else path.setAttribute('r', r * 0.92);
  path.setAttribute('fill', fill);
  path.setAttribute('stroke', stroke);
  path.setAttribute('stroke-width', weight);
  if (dash) path.setAttribute('stroke-dasharray', dash);
  svg.append(path);
  return svg;
}
