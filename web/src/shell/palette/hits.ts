import type { useNavigate } from '@tanstack/react-router';
import type { DataOf } from '../../api';
import type { PaletteDocument } from '../../api/operations';
import type { Translate } from '../../i18n';
import { hrefOf, nameOf } from '../../pages/home/hits';
import type { Command, CommandGroup } from './commands';

type Found = DataOf<typeof PaletteDocument>;

/** What the server has found, as commands that lead there. */
export function foundGroups(t: Translate, navigate: ReturnType<typeof useNavigate>, found: Found): CommandGroup[] {
  const hits = (found.search?.nodes ?? []).flatMap((hit): Command[] => {
    const href = hrefOf(hit);
    if (href === null) return [];
    return [{ id: hit.id, label: nameOf(hit), detail: t(`home.kind_${hit.__typename}`), run: () => void navigate({ href }) }];
  });
  const projects = found.projects.nodes.map((project) => ({
    id: project.id,
    label: project.name,
    detail: project.fullPath,
    run: () => void navigate({ to: '/n/$path', params: { path: project.fullPath } }),
  }));
  return [
    { label: 'shell.palette_found', items: hits },
    { label: 'shell.palette_projects', items: projects },
  ];
}
