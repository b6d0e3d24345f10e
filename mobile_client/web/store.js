// What the page knows: robots by thing name, and who wants to hear of changes.

export const store = { robots: new Map(), chosen: null, online: false, log: [] };
const listeners = new Set();
const MAX_LOG = 60;

export const onChange = (listener) => listeners.add(listener);
export const changed = () => listeners.forEach((listener) => listener());

export function robotOf(thing) {
  if (!store.robots.has(thing)) {
    store.robots.set(thing, { thing, reported: {}, version: 0, versions: {}, connected: false, path: [], plan: null, pose: null });
  }
  return store.robots.get(thing);
}

export function learn(summary) {
  const robot = robotOf(summary.thing);
  robot.name = summary.name;
  robot.connected = summary.connected;
  robot.reported = { ...robot.reported, ...summary.reported };
  robot.version = Math.max(robot.version, summary.version ?? 0);
  for (const name of Object.keys(summary.reported ?? {})) robot.versions[name] = summary.version ?? 0;
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

// A report says what changed, and messages may overtake each other: each member has its own version.
function hearState(robot, { reported: said = {}, version = 0 }) {
  const before = robot.reported;
  const isNews = ([name]) => version >= (robot.versions[name] ?? 0);
  const reported = Object.fromEntries(Object.entries(said).filter(isNews));
  for (const name of Object.keys(reported)) robot.versions[name] = version;
  robot.version = Math.max(robot.version, version);
  robot.reported = { ...robot.reported, ...reported };
  if ('connected' in reported) robot.connected = reported.connected;
  if (reported.name) robot.name = reported.name;
  const after = robot.reported.cleanMissionStatus?.phase;
  if (after !== before.cleanMissionStatus?.phase) note(Date.now() / 1000, robot.thing, `phase ${after}`);
  const result = reported.lastCommandResult;
  if (result && result.id !== before.lastCommandResult?.id) note(Date.now() / 1000, robot.thing, `${result.command} ${result.outcome} ${result.reason ?? ''}`);
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
