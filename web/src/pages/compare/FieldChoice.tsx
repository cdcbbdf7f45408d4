import { useT } from '../../i18n';
import { Choice } from './Choice';
import type { Field } from './fields';

interface FieldChoiceProps {
  readonly label: string;
  readonly fields: readonly Field[];
  readonly value: string;
  /** What stands for no field, if that may be chosen. */
  readonly none?: string;
  readonly onChange: (id: string) => void;
}

/** One of the fields, params and metrics apart. */
export function FieldChoice({ label, fields, value, none, onChange }: FieldChoiceProps) {
  const t = useT();
  const items = fields.map((field) => ({ value: field.id, label: field.label, group: t(`compare.group_${field.group}`) }));
  return <Choice label={label} value={value} items={none === undefined ? items : [{ value: '', label: none }, ...items]} onChange={onChange} />;
}
