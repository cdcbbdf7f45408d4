import { forget, kept, tab, type Kept } from './journal';
import { newUpload } from './made';
import { BATCH, missing, type WithParts } from './server';
import { otherTabs } from './tabs';
import type { Upload } from './upload';

/** What was begun before the page was loaded anew, or by a tab that is closed; what has ended meanwhile is forgotten. */
export async function interrupted(): Promise<readonly Upload[]> {
  const all = await kept();
  const others = await otherTabs();
  const mine = all.filter((each) => each.tab === tab() || !others.has(each.tab));
  const restored: Upload[] = [];
  const ended: string[] = [];
  for (let at = 0; at < mine.length; at += BATCH) {
    const batch = mine.slice(at, at + BATCH);
    const named = batch.filter(({ id }) => id !== undefined);
    const answers = named.length > 0 ? await missing(named.flatMap(({ id }) => id ?? [])) : [];
    for (const each of batch) {
      const upload = from(each, each.id === undefined ? undefined : answers[named.indexOf(each)]);
      if (upload) restored.push(upload);
      else ended.push(each.key);
    }
  }
  void forget(ended);
  return restored;
}

/** Null: there is nothing to go on with. `answer` is undefined for what was not announced yet. */
function from(each: Kept, answer: WithParts | null | undefined): Upload | null {
  const upload: Upload = {
    ...newUpload(each.owner, each.path, each.size, each.modified, undefined, each.handle),
    key: each.key,
    id: each.id,
    sha256: each.sha256,
  };
  if (answer === undefined) return upload;
  if (answer?.status === 'VERIFYING') return { ...upload, phase: 'verifying', sent: upload.size };
  if (answer?.status !== 'OPEN' || !answer.viewerCanComplete) return null;
  const open = answer.parts.reduce((sum, { size }) => sum + size, 0);
  const arrived = answer.parts.length < BATCH ? upload.size - open : 0;
  return { ...upload, arrived, sent: arrived };
}
