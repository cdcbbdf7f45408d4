import type account from '../../messages/en/account.json';
import type admin from '../../messages/en/admin.json';
import type artifacts from '../../messages/en/artifacts.json';
import type candidates from '../../messages/en/candidates.json';
import type compare from '../../messages/en/compare.json';
import type experiments from '../../messages/en/experiments.json';
import type home from '../../messages/en/home.json';
import type lifecycle from '../../messages/en/lifecycle.json';
import type models from '../../messages/en/models.json';
import type namespaces from '../../messages/en/namespaces.json';
import type settings from '../../messages/en/settings.json';
import type shell from '../../messages/en/shell.json';
import type ui from '../../messages/en/ui.json';
import type versions from '../../messages/en/versions.json';

/** All texts, of which a page loads those that it shows; the other languages have the same keys, which `check.mjs` compares. */
type Texts = typeof account & typeof admin & typeof artifacts & typeof candidates & typeof compare & typeof experiments & typeof home &
  typeof lifecycle & typeof models & typeof namespaces & typeof settings & typeof shell & typeof ui & typeof versions;

/** The key of a text. */
export type MessageKey = keyof Texts;
