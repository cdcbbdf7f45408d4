import { useState } from 'react';
import { Button, PageHeader, StageChip, StatusChip, Tabs } from '../../ui';
import { KitActions } from './KitActions';
import { KitForms } from './KitForms';
import { KitOverlays } from './KitOverlays';
import { KitStates } from './KitStates';
import { KitTables } from './KitTables';
import { KitTexts } from './KitTexts';

const TABS = [
  { value: 'actions', label: 'Actions and values' },
  { value: 'forms', label: 'Forms', count: 12 },
  { value: 'overlays', label: 'Overlays' },
  { value: 'states', label: 'States', count: 12_345 },
  { value: 'tables', label: 'Tables' },
  { value: 'texts', label: 'Texts' },
] as const;

type Tab = (typeof TABS)[number]['value'];

const PARTS = { actions: KitActions, forms: KitForms, overlays: KitOverlays, states: KitStates, tables: KitTables, texts: KitTexts };

/** Every component in all its states; in development builds alone, so its texts are in English only. */
export function KitPage() {
  const start = TABS.find((tab) => tab.value === window.location.hash.slice(1));
  const [tab, setTab] = useState<Tab>(start?.value ?? 'actions');
  const Part = PARTS[tab];
  return (
    <>
      <PageHeader
        title="a-model-with-a-name-of-some-length-that-goes-on-and-on"
        crumbs={[{ label: 'vision', link: { to: '/' } }, { label: 'Models', link: { to: '/' } }, { label: 'Version 1.4.0' }]}
        chips={
          <>
            <StageChip name="Production" />
            <StatusChip status="READY" />
          </>
        }
        description="Detects defects of welds in photographs of the line; trained each night on what inspectors have marked."
        actions={
          <>
            <Button>Compare</Button>
            <Button variant="primary">Promote</Button>
          </>
        }
      />
      <Tabs items={TABS} value={tab} onChange={setTab} label="Parts of the kit">
        <Part />
      </Tabs>
    </>
  );
}
