// What the page knows: robots by thing name, and who wants to hear of changes.

export const store = { robots: new Map(), chosen: null, online: false, log: [] };
const listeners = new Set();
const MAX_LOG = 60;

export const onChange = (listener) => listeners.add(listener);
export const changed = () => listeners.forEach((listener) => listener());

export function robotOf(thing) {
  if (!store.robots.has(thing)) {
    store.robots.set(thing, { thing, reported: {}, versions: {}, connected: false, path: [], plan: null, pose: null });
  }
  return store.robots.get(thing);
}

export function learn(summary) {
  const robot = robotOf(summary.thing);
  robot.name = summary.name;
  robot.connected = summary.connected;
  merge(robot, summary.reported ?? {}, summary.version ?? 0);
  if (!robot.reported.cleanMissionStatus) {
    robot.reported.cleanMissionStatus = { phase: summary.phase, cycle: summary.cycle, error: summary.error };
  }
  robot.reported.batPct ??= summary.batPct;
}

export function hear({ type, thing, time, body }) {
  const robot = robotOf(thing);
  const kinds = {
    state: () => hearState(robot, body),
    pose: () => hearPose(robot, body.pose),
    map: () => { robot.plan = body.floorPlan; robot.path = body.path ?? []; },
    mission: () => note(time, thing, `mission ${body.done}: ${body.sqft} ft²`),
    alert: () => note(time, thing, body.text || `${body.kind} ${body.error || ''}`),
    presence: () => { robot.connected = body.connected; },
  };
  kinds[type]?.();
  changed();
}

function hearState(robot, { reported = {}, version = 0 }) {
  const before = robot.reported;
  const news = merge(robot, reported, version);
  if ('connected' in news) robot.connected = news.connected;
  if (news.name) robot.name = news.name;
  const after = robot.reported.cleanMissionStatus?.phase;
  if (after !== before.cleanMissionStatus?.phase) note(Date.now() / 1000, robot.thing, `phase ${after}`);
  const result = news.lastCommandResult;
  if (result && result.id !== before.lastCommandResult?.id) note(Date.now() / 1000, robot.thing, `${result.command} ${result.outcome}${result.reason ? `: ${result.reason}` : ''}`);
}

// Messages may overtake each other: each member goes by the shadow version that brought it.
function merge(robot, reported, version) {
  const newer = Object.entries(reported).filter(([name]) => version >= (robot.versions[name] ?? 0));
  const news = Object.fromEntries(newer);
  robot.reported = { ...robot.reported, ...news };
  for (const name of Object.keys(news)) robot.versions[name] = version;
  return news;
}

function hearPose(robot, pose) {
  const last = robot.path.at(-1);
  robot.pose = pose;
  if (!last || Math.hypot(last[0] - pose.point.x, last[1] - pose.point.y) > 5) {
    robot.path = [...robot.path, [pose.point.x, pose.point.y]];
  }
}

function note(time, thing, text) {
  store.log = [{ time, thing, text }, ...store.log].slice(0, MAX_LOG);
}
