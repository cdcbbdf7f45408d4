import { Rocket } from 'lucide-react';
import { Chip, type Tone } from './Chip';

/** MLflow's four stages and what projects often call theirs; others are neutral. */
const TONES: Readonly<Record<string, Tone>> = {
  production: 'good',
  prod: 'good',
  staging: 'info',
  archived: 'neutral',
  canary: 'warn',
  shadow: 'warn',
};

/** The stage a version is at. */
export function StageChip({ name }: { readonly name: string }) {
  return (
    <Chip tone={TONES[name.toLowerCase()] ?? 'neutral'} icon={<Rocket />} title={name}>
      {name}
    </Chip>
  );
}
