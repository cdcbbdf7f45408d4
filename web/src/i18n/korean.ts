/** All texts in Korean: a chunk of its own, loaded by those who read it. */
export const korean = Object.assign(
  {},
  ...Object.values(import.meta.glob<Record<string, string>>('../../messages/ko/*.json', { eager: true, import: 'default' })),
) as Record<string, string>;
