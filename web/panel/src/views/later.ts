/** What the first rows do not need: one chunk of its own. */
export { default as HelpSheet } from './common/HelpSheet.svelte';
export { default as TokenDialog } from './common/TokenDialog.svelte';
export { default as Drawer } from './drawer/Drawer.svelte';
export { default as HealthSheet } from './health/HealthSheet.svelte';
export { default as LedgerPage } from './ledger/LedgerPage.svelte';
export { default as OpportunitiesPage } from './opportunities/OpportunitiesPage.svelte';
export { default as TimeBar } from './replay/TimeBar.svelte';
export { default as SettingsSheet } from './settings/SettingsSheet.svelte';
export { default as Spotlight } from './spotlight/Spotlight.svelte';
