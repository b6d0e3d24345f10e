// Keeps the WebSocket open and hands every message to the store.

import { liveAddress } from './api.js';
import { changed, hear, store } from './store.js';

const PAUSES_MS = [200, 500, 1000, 2000, 5000];
let socket = null;
let failures = 0;

export function listen() {
  if (socket) return;
  socket = new WebSocket(liveAddress());
  socket.onopen = () => { failures = 0; store.online = true; changed(); };
  socket.onmessage = ({ data }) => hear(JSON.parse(data));
  socket.onclose = () => {
    const wasOurs = socket !== null;
    socket = null;
    store.online = false;
    changed();
    if (wasOurs) setTimeout(listen, PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)]);
  };
}

export function hangUp() {
  const open = socket;
  socket = null;
  open?.close();
}
