import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import { App } from './app/app.svelte';
import Console from './Console.svelte';

const app = new App();
app.start();
const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(Console, { target, props: { app } });
