import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useT } from '../../i18n';
import { toast } from '../overlays/toast';
import { Button, type ButtonSize, type ButtonVariant } from './Button';
import { IconButton } from './IconButton';

export interface CopyButtonProps {
  readonly text: string;
  /** Said of the icon alone; with `withText` it stands beside the icon. */
  readonly label?: string | undefined;
  readonly withText?: boolean | undefined;
  readonly size?: ButtonSize | undefined;
  readonly variant?: ButtonVariant | undefined;
  readonly className?: string | undefined;
}

/** How long the check mark stays, in milliseconds. */
const SHOWN = 1_600;

/** Puts a text on the clipboard. */
export function CopyButton({ text, label, withText = false, size = 's', variant = 'quiet', className }: CopyButtonProps) {
  const t = useT();
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () => {
    // Browsers have no clipboard for pages that came over plain HTTP from elsewhere than this machine.
    if (navigator.clipboard === undefined) return toast({ title: t('ui.copy_refused'), tone: 'bad' });
    navigator.clipboard.writeText(text).then(
      () => setIsCopied(true),
      () => toast({ title: t('ui.copy_refused'), tone: 'bad' }),
    );
  };
  const shown = { size, variant, className, onClick: copy, icon: isCopied ? <Check /> : <Copy /> };
  const said = isCopied ? t('ui.copied') : (label ?? t('ui.copy'));
  return withText ? (
    <Button {...shown} aria-live="polite">
      {said}
    </Button>
  ) : (
    <IconButton {...shown} label={said} />
  );
}
