import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import { App } from './app/app.svelte';
import Console from './Console.svelte';

/** The frame is shown after this time at the latest, with rows or without. */
const FIRST_ROWS_MS = 400;

const app = new App();
const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
// Drawn once with rows instead of twice. The page's head asked for them while this script was on its way.
void Promise.race([app.begin(), new Promise((resolve) => setTimeout(resolve, FIRST_ROWS_MS))]).then(() => {
  mount(Console, { target, props: { app } });
  app.start();
});
