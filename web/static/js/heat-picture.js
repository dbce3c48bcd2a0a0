// What is seen as a picture: the map with its layers and legends, under a line that says what it shows.
import { map } from './mapview.js';

const HEAD = 46;
/** Return a PNG of the map as it is on the screen; `title` and `note` stand above it. */
export async function picture({ title, note }) {
  const root = map.getContainer();
  const frame = root.getBoundingClientRect();
  const scale = Math.max(1, Math.min(3, devicePixelRatio));
  const sheet = document.createElement('canvas');
  sheet.width = Math.round(frame.width * scale);
  sheet.height = Math.round((frame.height + HEAD) * scale);
  const ctx = sheet.getContext('2d');
  ctx.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(name).trim();
  ctx.fillStyle = ink('--bg');
  ctx.fillRect(0, 0, frame.width, frame.height + HEAD);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, HEAD, frame.width, frame.height);
  ctx.clip();
  for (const node of layers(root)) {
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    ctx.globalAlpha = opacity(node, root);
    try { ctx.drawImage(node, box.left - frame.left, box.top - frame.top + HEAD, box.width, box.height); } catch { /* an image that never arrived */ }
  }
  ctx.globalAlpha = 1;
  for (const mark of root.querySelectorAll('.hotmark, .leaflet-tooltip, .leaflet-control-attribution, .leaflet-control-scale-line')) paint(ctx, mark, frame);
  for (const legend of document.querySelectorAll('#legends .legend')) paint(ctx, legend, frame);
  ctx.restore();
  ctx.fillStyle = ink('--panel');
  ctx.fillRect(0, 0, frame.width, HEAD);
  ctx.fillStyle = ink('--text');
  ctx.font = `600 16px ${getComputedStyle(document.body).fontFamily}`;
  ctx.fillText(title, 12, 20);
  ctx.fillStyle = ink('--muted');
  ctx.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  ctx.fillText(note, 12, 38, frame.width - 24);
  return new Promise((resolve) => { sheet.toBlob(resolve, 'image/png'); });
}
/** Canvases and tile images, the lowest pane first. */
function layers(root) {
  const panes = [...root.querySelectorAll('.leaflet-pane')].filter((p) => p.querySelector(':scope > canvas, :scope > .leaflet-layer, :scope > img, :scope > svg'));
  panes.sort((a, b) => Number(getComputedStyle(a).zIndex) - Number(getComputedStyle(b).zIndex));
  return panes.flatMap((pane) => [...pane.querySelectorAll('canvas, img.leaflet-tile')].filter((n) => n.closest('.leaflet-pane') === pane));
}
function opacity(node, root) {
  let all = 1;
  for (let at = node; at && at !== root; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
  return all;
}
/** Draw an element as the page shows it: backgrounds, borders, gradients and lines of text. */
function paint(ctx, node, frame) {
  const style = getComputedStyle(node);
  if (style.display === 'none' || style.visibility === 'hidden') return;
  const box = node.getBoundingClientRect();
  const [x, y] = [box.left - frame.left, box.top - frame.top + HEAD];
  ctx.save();
  ctx.globalAlpha *= Number(style.opacity);
  const colors = style.backgroundImage.startsWith('linear-gradient') ? style.backgroundImage.match(/rgba?\([^)]*\)/g) : null;
  if (colors) {
    const fill = ctx.createLinearGradient(x, y, x + box.width, y);
    colors.forEach((c, i) => fill.addColorStop(i / Math.max(1, colors.length - 1), c));
    ctx.fillStyle = fill;
  } else ctx.fillStyle = style.backgroundColor;
  const round = Math.min(parseFloat(style.borderTopLeftRadius) || 0, box.height / 2);
  ctx.beginPath();
  if (style.borderTopLeftRadius.endsWith('%')) ctx.ellipse(x + box.width / 2, y + box.height / 2, box.width / 2, box.height / 2, 0, 0, 2 * Math.PI); else if (round === 0) ctx.rect(x, y, box.width, box.height); else ctx.roundRect?.(x, y, box.width, box.height, round);
  ctx.fill();
  if (parseFloat(style.borderTopWidth)) { ctx.strokeStyle = style.borderTopColor; ctx.lineWidth = parseFloat(style.borderTopWidth); ctx.stroke(); }
  ctx.restore();
  for (const child of node.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE) paint(ctx, child, frame);
    else if (child.nodeType === Node.TEXT_NODE && child.data.trim()) lines(ctx, child, style, frame);
  }
}
function lines(ctx, node, style, frame) {
  ctx.fillStyle = style.color;
  ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  ctx.textBaseline = 'middle';
  const range = document.createRange();
  let line = null;
  const flush = () => { if (line) ctx.fillText(line.text, line.x - frame.left, line.y - frame.top + HEAD); };
  for (let i = 0; i < node.data.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const box = range.getBoundingClientRect();
    if (!box.width && !box.height) continue;
    const y = box.top + box.height / 2;
    if (line && Math.abs(line.y - y) < 3) line.text += node.data[i]; else { flush(); line = { text: node.data[i], x: box.left, y }; }
  }
  flush();
  ctx.textBaseline = 'alphabetic';
}
