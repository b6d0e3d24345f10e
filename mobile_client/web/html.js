// Templates for the views: htm over preact, both vendored, no build step.

import htm from './vendor/htm.mjs';
import { h } from './vendor/preact.mjs';

export { render } from './vendor/preact.mjs';
export const html = htm.bind(h);
