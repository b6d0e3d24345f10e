// The only file that speaks HTTP: identity and the robots' API.

const CLIENT_ID = 'robofleet-phone';
const KEEP = 'robofleet.tokens';

let tokens = JSON.parse(sessionStorage.getItem(KEEP) ?? 'null');

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const isSignedIn = () => tokens !== null;
export const liveAddress = () =>
  `${location.origin.replace('http', 'ws')}/live?token=${encodeURIComponent(tokens.AccessToken)}`;

export function signOut() {
  tokens = null;
  sessionStorage.removeItem(KEEP);
}

export async function signIn(email, password) {
  await authenticate('USER_PASSWORD_AUTH', { USERNAME: email, PASSWORD: password });
}

export async function signUp(email, password) {
  await identity('SignUp', {
    ClientId: CLIENT_ID, Username: email, Password: password,
    UserAttributes: [{ Name: 'email', Value: email }],
  });
}

export const listRobots = async () => (await call('GET', '/robots')).robots;
export const readRobot = (thing) => call('GET', robotPath(thing));
export const pair = (serial, claimCode) => call('POST', '/robots', { serial, claimCode });
export const command = (thing, name) =>
  call('POST', `${robotPath(thing)}/commands`, { id: crypto.randomUUID(), command: name });
export const look = (thing) =>
  call('PATCH', `${robotPath(thing)}/settings`, { liveMapUntil: Math.floor(Date.now() / 1000) + 60 });
export const listMissions = async (thing) => (await call('GET', `${robotPath(thing)}/missions`)).missions;

const robotPath = (thing) => `/robots/${encodeURIComponent(thing)}`;

async function call(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (error) {
    if (error.status !== 401 || !tokens?.RefreshToken) throw error;
    await authenticate('REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: tokens.RefreshToken });
    return send(method, path, body);
  }
}

async function send(method, path, body) {
  const headers = { Authorization: `Bearer ${tokens?.AccessToken ?? ''}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return answer(await fetch(path, { method, headers, body: body && JSON.stringify(body) }));
}

async function authenticate(flow, parameters) {
  const said = await identity('InitiateAuth', {
    ClientId: CLIENT_ID, AuthFlow: flow, AuthParameters: parameters,
  });
  tokens = { ...tokens, ...said.AuthenticationResult };
  sessionStorage.setItem(KEEP, JSON.stringify(tokens));
}

async function identity(operation, body) {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
  };
  return answer(await fetch('/', { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answer(response) {
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  const code = said.error?.code ?? said.__type ?? `http_${response.status}`;
  throw new Refused(response.status, code, said.error?.message ?? said.message ?? code);
}
