import account from '../../messages/en/account.json';
import admin from '../../messages/en/admin.json';
import artifacts from '../../messages/en/artifacts.json';
import candidates from '../../messages/en/candidates.json';
import compare from '../../messages/en/compare.json';
import experiments from '../../messages/en/experiments.json';
import home from '../../messages/en/home.json';
import lifecycle from '../../messages/en/lifecycle.json';
import models from '../../messages/en/models.json';
import namespaces from '../../messages/en/namespaces.json';
import settings from '../../messages/en/settings.json';
import shell from '../../messages/en/shell.json';
import ui from '../../messages/en/ui.json';
import versions from '../../messages/en/versions.json';

/** All texts in English; the other languages have the same keys, which `check.mjs` compares. */
export const english = {
  ...account, ...admin, ...artifacts, ...candidates, ...compare, ...experiments, ...home, ...lifecycle, ...models,
  ...namespaces, ...settings, ...shell, ...ui, ...versions,
};

/** The key of a text. */
export type MessageKey = keyof typeof english;
