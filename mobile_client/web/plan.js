// Draws a robot on its floor plan; centimetres, the dock at the origin, y upwards.

import { html } from './html.js';

const BODY_CM = 17;

export function plan(robot) {
  const { plan: floor, path, pose } = robot;
  if (!floor) return null;
  const [x0, y0, x1, y1] = floor.bounds;
  return html`
    <svg class="plan" role="img" aria-label="Floor plan with ${robot.name ?? robot.thing}"
      viewBox="${x0 - 30} ${-y1 - 30} ${x1 - x0 + 60} ${y1 - y0 + 60}">
      ${floor.rooms.map((room) => polygon(room, 'room'))}
      ${floor.carpets.map((carpet) => polygon(carpet, 'carpet'))}
      ${path.length > 1 && html`<polyline class="path" points=${points(path)} />`}
      ${floor.furniture.map((piece) => polygon(piece, piece.passable ? 'furniture under' : 'furniture'))}
      ${floor.walls.map(([ax, ay, bx, by]) => html`<line class="wall" x1=${ax} y1=${-ay} x2=${bx} y2=${-by} />`)}
      ${floor.rooms.map(label)}
      <rect class="dock" x="-15" y="-10" width="30" height="20" rx="4" />
      ${pose && body(pose)}
    </svg>`;
}

const body = ({ point: { x, y }, theta }) => html`
  <g transform="translate(${x} ${-y}) rotate(${-theta})">
    <circle class="robot" r=${BODY_CM} />
    <line class="nose" x1="4" y1="0" x2=${BODY_CM - 3} y2="0" />
  </g>`;

function label(room) {
  const [x, y] = middle(room.polygon);
  return html`<text x=${x} y=${-y}>${room.name}</text>`;
}

// The middle of the widest stretch of the room, so that the name of a bent room stands within it.
function middle(polygon) {
  const sides = polygon.map((start, at) => [start, polygon[(at + 1) % polygon.length]]);
  const heights = [...new Set(polygon.map(([, y]) => y))].sort((a, b) => a - b);
  const stretches = heights.slice(1).flatMap((high, at) => {
    const y = (high + heights[at]) / 2;
    const xs = sides.filter(([[, ay], [, by]]) => (ay > y) !== (by > y))
      .map(([[ax, ay], [bx, by]]) => ax + (y - ay) * (bx - ax) / (by - ay)).sort((a, b) => a - b);
    return xs.flatMap((x, n) => n % 2 ? [{ x: (xs[n - 1] + x) / 2, y, area: (x - xs[n - 1]) * (high - heights[at]) }] : []);
  });
  const { x, y } = stretches.reduce((best, each) => each.area > best.area ? each : best);
  return [x, y];
}

const points = (list) => list.map(([x, y]) => `${x},${-y}`).join(' ');
const polygon = (shape, kind) => html`<polygon class=${kind} points=${points(shape.polygon)} />`;
