// Small line charts on a canvas, sharp on any screen.

/** Draws `values` over the whole canvas. `floor` fixes the bottom of the scale, `base` draws a dashed line. */
export function drawSparkline(canvas, values, { stroke, fill = null, floor = null, base = null, width = 1.5 }) {
  const context = prepare(canvas);
  const wide = canvas.clientWidth;
  const high = canvas.clientHeight;
  const shown = values.filter((value) => value !== null);
  if (shown.length < 2 || wide === 0) return;
  let low = Math.min(...shown, base ?? Infinity, floor ?? Infinity);
  let top = Math.max(...shown, base ?? -Infinity);
  if (floor !== null) top += (top - low) * 0.15;
  if (top === low) {
    top += Math.abs(top) * 1e-3 || 1;
    low -= floor === null ? Math.abs(low) * 1e-3 || 1 : 0;
  }
  const inset = width + 0.5;
  const x = (index) => (index / (values.length - 1)) * (wide - 2 * inset) + inset;
  const y = (value) => high - inset - ((value - low) / (top - low)) * (high - 2 * inset);

  if (base !== null) {
    context.setLineDash([2, 3]);
    context.strokeStyle = stroke;
    context.globalAlpha = 0.35;
    context.beginPath();
    context.moveTo(0, y(base));
    context.lineTo(wide, y(base));
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
  context.beginPath();
  let first = null;
  let last = 0;
  values.forEach((value, index) => {
    if (value === null) return;
    if (first === null) context.moveTo(x(index), y(value));
    else context.lineTo(x(index), y(value));
    first ??= index;
    last = index;
  });
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.stroke();
  if (fill) {
    context.lineTo(x(last), high);
    context.lineTo(x(first), high);
    context.closePath();
    context.fillStyle = fill;
    context.globalAlpha = 0.16;
    context.fill();
    context.globalAlpha = 1;
  }
}

function prepare(canvas) {
  const ratio = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  context.lineWidth = 1;
  return context;
}
