import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basePath, serviceRoot } from '../src/api/base';

test('the service is where the console is, below whatever a proxy put it', () => {
  assert.equal(basePath('/panel'), '');
  assert.equal(basePath('/panel/'), '');
  assert.equal(basePath('/panel/index.html'), '');
  assert.equal(basePath('/scanner/panel'), '/scanner');
  assert.equal(basePath('/tools/scanner/panel/'), '/tools/scanner');
  assert.equal(basePath('/panel/panel'), '/panel');
  assert.equal(basePath('/'), '', 'npm run dev');
});

test('streams are asked for at the root of the service', () => {
  const at = (pathname: string): string =>
    new URL('stream/rankings?top=3', serviceRoot({ origin: 'https://desk.example', pathname })).href;
  assert.equal(at('/panel'), 'https://desk.example/stream/rankings?top=3');
  assert.equal(at('/scanner/panel/'), 'https://desk.example/scanner/stream/rankings?top=3');
});
