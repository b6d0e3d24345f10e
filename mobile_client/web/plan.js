// Draws a robot on its floor plan; centimetres, the dock at the origin, y upwards.

const SVG = 'http://www.w3.org/2000/svg';
const BODY_CM = 17;

export function drawPlan(robot) {
  const { plan, path, pose } = robot;
  if (!plan) return null;
  const [x0, y0, x1, y1] = plan.bounds;
  const svg = make('svg', {
    class: 'plan', role: 'img', 'aria-label': `Floor plan with ${robot.name ?? robot.thing}`,
    viewBox: `${x0 - 30} ${-y1 - 30} ${x1 - x0 + 60} ${y1 - y0 + 60}`,
  });
  for (const room of plan.rooms) svg.append(polygon(room, 'room'));
  for (const carpet of plan.carpets) svg.append(polygon(carpet, 'carpet'));
  if (path.length > 1) svg.append(make('polyline', { class: 'path', points: points(path) }));
  for (const piece of plan.furniture) svg.append(polygon(piece, 'furniture'));
  for (const [ax, ay, bx, by] of plan.walls) {
    svg.append(make('line', { class: 'wall', x1: ax, y1: -ay, x2: bx, y2: -by }));
  }
  for (const room of plan.rooms) svg.append(label(room));
  svg.append(make('rect', { class: 'dock', x: -15, y: -10, width: 30, height: 20, rx: 4 }));
  if (pose) svg.append(body(pose));
  return svg;
}

function body({ point: { x, y }, theta }) {
  const group = make('g', { transform: `translate(${x} ${-y}) rotate(${-theta})` });
  group.append(make('circle', { class: 'robot', r: BODY_CM }));
  group.append(make('line', { class: 'nose', x1: 4, y1: 0, x2: BODY_CM - 3, y2: 0 }));
  return group;
}

function label(room) {
  const xs = room.polygon.map(([x]) => x);
  const ys = room.polygon.map(([, y]) => y);
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  const text = make('text', { x: middle(xs), y: -middle(ys) });
  text.textContent = room.name;
  return text;
}

const points = (list) => list.map(([x, y]) => `${x},${-y}`).join(' ');
const polygon = (shape, kind) => make('polygon', { class: kind, points: points(shape.polygon) });

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
