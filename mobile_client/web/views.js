// The two views: signing in, and the desk with the list and the chosen robot.

import { drawPlan } from './plan.js';

const COMMANDS = [
  ['start', 'Clean'], ['pause', 'Pause'], ['resume', 'Resume'], ['stop', 'Stop'], ['dock', 'Dock'], ['find', 'Find'],
];
const PHASES = {
  charge: 'On the dock', run: 'Cleaning', stop: 'Stopped', stuck: 'Needs help', hmUsrDock: 'Going home',
  hmMidMsn: 'Going to recharge', hmPostMsn: 'Done, going home', evac: 'Emptying the bin', chargingerror: 'No charge',
};

export function signInView({ onSignIn, onSignUp }) {
  const form = element('form', { class: 'card' }, [
    element('h2', {}, ['Sign in']),
    field('E-mail', 'email', { type: 'email', autocomplete: 'username', required: true }),
    field('Password', 'password', { type: 'password', autocomplete: 'current-password', required: true, minlength: 8 }),
    element('button', { class: 'primary', type: 'submit' }, ['Sign in']),
    element('button', { type: 'button', id: 'sign-up' }, ['Make an account']),
  ]);
  const read = () => [form.elements.email.value.trim(), form.elements.password.value];
  form.onsubmit = (event) => { event.preventDefault(); onSignIn(...read()); };
  form.querySelector('#sign-up').onclick = () => { if (form.reportValidity()) onSignUp(...read()); };
  return form;
}

export function deskView(store, actions) {
  const robot = store.robots.get(store.chosen);
  return element('div', { class: 'desk' }, [
    element('section', { class: 'card', 'aria-label': 'Robots' }, [robotList(store, actions), pairForm(actions)]),
    robot ? robotCard(robot, store, actions) : element('p', { class: 'card muted' }, ['No robot chosen.']),
  ]);
}

function robotList(store, { onChoose }) {
  const rows = [...store.robots.values()].map((robot) => {
    const button = element('button', { 'aria-current': String(robot.thing === store.chosen) }, [
      element('strong', {}, [robot.name || robot.thing]),
      element('span', { class: 'muted' }, [`${phaseText(robot)}, ${battery(robot)}`]),
    ]);
    button.onclick = () => onChoose(robot.thing);
    return element('li', {}, [button]);
  });
  return element('div', {}, [
    element('h2', {}, ['Your robots']),
    rows.length ? element('ul', { class: 'robots' }, rows) : element('p', { class: 'muted' }, ['None yet.']),
  ]);
}

function pairForm({ onPair }) {
  const form = element('form', { 'aria-label': 'Add a robot' }, [
    field('Serial', 'serial', { required: true }),
    field('Claim code', 'code', { required: true }),
    element('button', { type: 'submit' }, ['Add robot']),
  ]);
  form.style.margin = '1rem 0 0';
  form.onsubmit = (event) => {
    event.preventDefault();
    onPair(form.elements.serial.value.trim(), form.elements.code.value.trim());
  };
  const details = element('details', {}, [element('summary', {}, ['Add a robot']), form]);
  return details;
}

function robotCard(robot, store, { onCommand }) {
  const buttons = COMMANDS.map(([name, text]) => {
    const button = element('button', name === 'start' ? { class: 'primary' } : {}, [text]);
    button.disabled = !robot.connected;
    button.onclick = () => onCommand(robot.thing, name);
    return button;
  });
  const lines = store.log.filter((line) => line.thing === robot.thing).map((line) => element('li', {}, [
    `${new Date(line.time * 1000).toLocaleTimeString()}  ${line.text}`,
  ]));
  return element('section', { class: 'card', 'aria-label': robot.name || robot.thing }, [
    element('h2', {}, [robot.name || robot.thing]),
    facts(robot),
    element('div', { class: 'row' }, buttons),
    drawPlan(robot) ?? element('p', { class: 'muted' }, ['The floor plan comes with the first position.']),
    element('h2', {}, ['What happened']),
    element('ol', { class: 'log' }, lines),
  ]);
}

function facts(robot) {
  const { error = 0 } = robot.reported.cleanMissionStatus ?? {};
  const rows = [
    ['State', phaseText(robot)], ['Battery', battery(robot)], ['Bin', robot.reported.bin?.full ? 'full' : 'ok'],
    ['Error', error ? `code ${error}` : 'none'], ['Link', robot.connected ? 'online' : 'offline'],
  ];
  return element('dl', { class: 'facts' }, rows.map(([name, value]) =>
    element('div', {}, [element('dt', {}, [name]), element('dd', {}, [value])])));
}

function phaseText(robot) {
  const { phase, cycle } = robot.reported.cleanMissionStatus ?? {};
  if (!robot.connected) return 'Offline';
  if (phase === 'stop' && cycle !== 'none') return 'Paused';
  return PHASES[phase] ?? phase ?? 'Unknown';
}

const battery = (robot) => (robot.reported.batPct == null ? 'battery ?' : `${robot.reported.batPct} %`);

function field(text, name, attributes) {
  return element('label', {}, [text, element('input', { name, ...attributes }, [])]);
}

function element(name, attributes, children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value === true ? '' : value);
  made.append(...children);
  return made;
}
