// Joins the store, the views and the network.

import * as api from './api.js';
import { render } from './html.js';
import { hangUp, listen } from './live.js';
import { changed, learn, onChange, store } from './store.js';
import { deskView, signInView } from './views.js';

const LOOK_AGAIN_MS = 30_000;
const SENT_MS = 3_000;
const main = document.querySelector('#main');
const status = document.querySelector('#status');
const signOutButton = document.querySelector('#sign-out');
let drawn = 0;

const actions = {
  onSignIn: (email, password) => attempt(async () => { await api.signIn(email, password); await enter(); }),
  onSignUp: (email, password) => attempt(async () => {
    await api.signUp(email, password);
    await api.signIn(email, password);
    await enter();
  }),
  onChoose: (thing) => attempt(() => choose(thing)),
  onCommand: (thing, name) => attempt(async () => {
    say(`${name} sent`);
    await api.command(thing, name);
    setTimeout(() => { if (status.textContent === `${name} sent`) say(''); }, SENT_MS);
  }),
  onPair: (serial, code) => attempt(async () => { learn(await api.pair(serial, code)); await choose(serial); }),
};

async function enter() {
  for (const robot of await api.listRobots()) learn(robot);
  listen();
  signOutButton.hidden = false;
  const first = store.chosen ?? store.robots.keys().next().value;
  if (first) await choose(first);
  changed();
}

async function choose(thing) {
  store.chosen = thing;
  changed();
  learn(await api.readRobot(thing));
  await api.look(thing);
  changed();
}

async function attempt(act) {
  try {
    say('');
    await act();
    return true;
  } catch (error) {
    say(error.message);
    if (error.status === 401 && api.isSignedIn()) leave();
    return false;
  }
}

function leave() {
  hangUp();
  api.signOut();
  store.robots.clear();
  store.chosen = null;
  signOutButton.hidden = true;
  changed();
}

function say(text) {
  status.textContent = text || (store.online ? 'live' : '');
}

function draw() {
  // Many messages a second make one drawing a frame.
  drawn ||= requestAnimationFrame(() => {
    drawn = 0;
    render(api.isSignedIn() ? deskView(store, actions) : signInView(actions), main);
    if (!status.textContent || status.textContent === 'live') say('');
  });
}

signOutButton.onclick = leave;
onChange(draw);
setInterval(() => { if (store.chosen && !document.hidden) attempt(() => api.look(store.chosen)); }, LOOK_AGAIN_MS);
if (api.isSignedIn()) attempt(enter);
changed();
