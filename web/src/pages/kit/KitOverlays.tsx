import { Copy, Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button, ConfirmDialog, Dialog, Drawer, Field, IconButton, Menu, Popover, Section, TextInput, toast, Tooltip } from '../../ui';
import styles from './KitPage.module.css';

export function KitOverlays() {
  const [open, setOpen] = useState<'dialog' | 'confirm' | 'drawer' | null>(null);
  const close = () => setOpen(null);
  return (
    <Section title="Over the page">
      <div className={styles.row}>
        <Button onClick={() => setOpen('dialog')}>Dialog</Button>
        <Button onClick={() => setOpen('confirm')}>Confirm</Button>
        <Button onClick={() => setOpen('drawer')}>Drawer</Button>
        <Menu
          trigger={<IconButton icon={<Ellipsis />} label="More" />}
          items={[
            { label: 'Copy tracking URI', icon: <Copy />, onSelect: () => toast({ title: 'Copied', tone: 'good' }) },
            { label: 'Edit', icon: <Pencil />, link: { to: '/' } },
            { label: 'Not now', disabled: true },
            'separator',
            { label: 'Delete model', icon: <Trash2 />, danger: true, onSelect: () => setOpen('confirm') },
          ]}
        />
        <Popover trigger={<Button>Popover</Button>} title="Columns">
          <Field label="Find">
            <TextInput />
          </Field>
        </Popover>
        <Tooltip text="A few words about it">
          <Button>Tooltip</Button>
        </Tooltip>
        <Button onClick={() => toast({ title: '3 candidates deleted', action: { label: 'Undo', onSelect: () => toast({ title: 'Restored', tone: 'good' }) } })}>
          Toast with undo
        </Button>
        <Button onClick={() => toast({ title: 'The upload failed', description: 'The store refused part 12 of 40.', tone: 'bad' })}>Bad toast</Button>
      </div>
      <Dialog
        open={open === 'dialog'}
        onClose={close}
        title="New model"
        footer={
          <>
            <Button onClick={close}>Cancel</Button>
            <Button variant="primary">Create model</Button>
          </>
        }
      >
        <Field label="Name" hint="Cannot be changed later without redirecting those who use it.">
          <TextInput />
        </Field>
      </Dialog>
      <ConfirmDialog open={open === 'confirm'} onClose={close} onConfirm={close} title="Delete resnet?" confirmLabel="Delete model" typed="resnet" problem="Version 1.4.0 is deployed.">
        <p>With it go 12 versions, 340 files (1.2 GiB) and 3 aliases.</p>
      </ConfirmDialog>
      <Drawer open={open === 'drawer'} onClose={close} title="Delivery 42" footer={<Button variant="primary">Send again</Button>}>
        <p>What was sent, and what was answered.</p>
      </Drawer>
    </Section>
  );
}
