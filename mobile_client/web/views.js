// The two views: signing in, and the desk with the list and the chosen robot.

import { html } from './html.js';
import { plan } from './plan.js';

const COMMANDS = [
  ['start', 'Clean'], ['pause', 'Pause'], ['resume', 'Resume'], ['stop', 'Stop'], ['dock', 'Dock'], ['find', 'Find'],
];
const PHASES = {
  charge: 'On the dock', run: 'Cleaning', stop: 'Stopped', stuck: 'Needs help', hmUsrDock: 'Going home',
  hmMidMsn: 'Going to recharge', hmPostMsn: 'Done, going home', evac: 'Emptying the bin', chargingerror: 'No charge',
};

export function signInView({ onSignIn, onSignUp }) {
  const read = (form) => [form.elements.email.value.trim(), form.elements.password.value];
  const signIn = (event) => { event.preventDefault(); onSignIn(...read(event.currentTarget)); };
  const signUp = ({ currentTarget: { form } }) => { if (form.reportValidity()) onSignUp(...read(form)); };
  return html`
    <form class="card" onsubmit=${signIn}>
      <h2>Sign in</h2>
      <label>E-mail<input name="email" type="email" autocomplete="username" required /></label>
      <label>Password
        <input name="password" type="password" autocomplete="current-password" required minlength="8" />
      </label>
      <button class="primary" type="submit">Sign in</button>
      <button type="button" onclick=${signUp}>Make an account</button>
    </form>`;
}

export function deskView(store, actions) {
  const robot = store.robots.get(store.chosen);
  return html`
    <div class="desk">
      <section class="card" aria-label="Robots">${robotList(store, actions)}${pairForm(actions)}</section>
      ${robot ? robotCard(robot, store, actions) : html`<p class="card muted">No robot chosen.</p>`}
    </div>`;
}

function robotList(store, { onChoose }) {
  const rows = [...store.robots.values()].map((robot) => html`
    <li key=${robot.thing}>
      <button aria-current=${String(robot.thing === store.chosen)} onclick=${() => onChoose(robot.thing)}>
        <strong>${robot.name || robot.thing}</strong>
        <span class="muted">${phaseText(robot)}, ${battery(robot)}</span>
      </button>
    </li>`);
  return html`
    <h2>Your robots</h2>
    ${rows.length ? html`<ul class="robots">${rows}</ul>` : html`<p class="muted">None yet.</p>`}`;
}

function pairForm({ onPair }) {
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (await onPair(form.elements.serial.value.trim(), form.elements.code.value.trim())) form.reset();
  };
  return html`
    <details>
      <summary>Add a robot</summary>
      <form class="pair" aria-label="Add a robot" onsubmit=${submit}>
        <label>Serial<input name="serial" required /></label>
        <label>Claim code<input name="code" required /></label>
        <button type="submit">Add robot</button>
      </form>
    </details>`;
}

function robotCard(robot, store, { onCommand }) {
  const buttons = COMMANDS.map(([name, text]) => html`
    <button class=${name === 'start' ? 'primary' : ''} disabled=${!robot.connected}
      onclick=${() => onCommand(robot.thing, name)}>${text}</button>`);
  const lines = store.log.filter((line) => line.thing === robot.thing).map((line) => html`
    <li>${new Date(line.time * 1000).toLocaleTimeString()}  ${line.text}</li>`);
  return html`
    <section class="card" aria-label=${robot.name || robot.thing}>
      <h2>${robot.name || robot.thing}</h2>
      ${facts(robot)}
      <div class="row">${buttons}</div>
      ${plan(robot) ?? html`<p class="muted">The floor plan comes with the first position.</p>`}
      <h2>What happened</h2>
      <ol class="log">${lines}</ol>
    </section>`;
}

function facts(robot) {
  const { error = 0 } = robot.reported.cleanMissionStatus ?? {};
  const rows = [
    ['State', phaseText(robot)], ['Battery', battery(robot)], ['Bin', robot.reported.bin?.full ? 'full' : 'ok'],
    ['Error', error ? `code ${error}` : 'none'], ['Link', robot.connected ? 'online' : 'offline'],
  ];
  return html`<dl class="facts">
    ${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

function phaseText(robot) {
  const { phase, cycle } = robot.reported.cleanMissionStatus ?? {};
  if (!robot.connected) return 'Offline';
  if (phase === 'stop' && cycle !== 'none') return 'Paused';
  return PHASES[phase] ?? phase ?? 'Unknown';
}

const battery = (robot) => (robot.reported.batPct == null ? 'battery ?' : `${robot.reported.batPct} %`);
