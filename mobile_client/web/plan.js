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
  const middle = (axis) => {
    const values = room.polygon.map((point) => point[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  return html`<text x=${middle(0)} y=${-middle(1)}>${room.name}</text>`;
}

const points = (list) => list.map(([x, y]) => `${x},${-y}`).join(' ');
const polygon = (shape, kind) => html`<polygon class=${kind} points=${points(shape.polygon)} />`;
