export interface StripColors {
  color: string;
  error: string;
  line: string;
  paused: string;
}

/** Prepares a canvas for `width` x `height` CSS pixels at the screen's density; answers a cleared context. */
export function fitCanvas(context: CanvasRenderingContext2D, width: number, height: number): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const canvas = context.canvas;
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
}

/** Hatches a box with lines at 45 degrees, clipped to it: the mark of waiting everywhere. */
export function hatch(
  context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, color: string, step = 4, line = 1.3,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = color;
  context.lineWidth = line;
  context.beginPath();
  const first = Math.floor((x - height) / step) * step;
  for (let at = first; at < x + width; at += step) {
    context.moveTo(at, y + height + 0.5);
    context.lineTo(at + height + 1, y - 0.5);
  }
  context.stroke();
  context.restore();
}

export function drawStrip(context: CanvasRenderingContext2D, cells: string, width: number, height: number, c: StripColors): void {
  fitCanvas(context, width, height);
  const w = width / cells.length;
  const gap = w > 3 ? 0.9 : w > 1.6 ? 0.5 : 0;
  for (let i = 0; i < cells.length; ) {
    const cell = cells[i] ?? "n";
    let end = i + 1;
    if (cell === "w") while (cells[end] === "w") end += 1;
    const x = i * w;
    const wide = Math.max(1, (end - i) * w - gap);
    drawCell(context, cell, x, wide, height, c);
    i = end;
  }
}

function drawCell(context: CanvasRenderingContext2D, cell: string, x: number, w: number, h: number, c: StripColors): void {
  if (cell === "w") {
    hatch(context, x, 1, w, h - 1, c.color);
  } else if (cell === "i") {
    context.fillStyle = c.line;
    context.fillRect(x, h - 2, w, 2);
  } else if (cell === "p") {
    context.fillStyle = c.paused;
    context.fillRect(x + w / 2 - 1.5, 2, 1, h - 2);
    context.fillRect(x + w / 2 + 0.5, 2, 1, h - 2);
  } else if (cell === "b" || cell === "e") {
    context.globalAlpha = cell === "b" ? 0.92 : 0.5;
    context.fillStyle = c.color;
    context.fillRect(x, 1, w, h - 1);
    context.globalAlpha = 1;
    if (cell === "e") {
      context.fillStyle = c.error;
      context.fillRect(x, 0, w, Math.max(3, h * 0.25));
    }
  } else {
    context.strokeStyle = c.line;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, 1.5, Math.max(0.5, w - 1), h - 2);
  }
}
