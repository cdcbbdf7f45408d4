import type { useNavigate } from '@tanstack/react-router';
import type { DataOf } from '../../api';
import type { PaletteDocument } from '../../api/operations';
import type { Translate } from '../../i18n';
import { hrefOf, nameOf, projectOf, type Hit } from '../../pages/home/hits';
import type { Command, CommandGroup } from './commands';

type Found = DataOf<typeof PaletteDocument>;

/** What the server has found, as commands that lead there: of the project that is open first. */
export function foundGroups(t: Translate, navigate: ReturnType<typeof useNavigate>, found: Found): CommandGroup[] {
  const here = found.search?.nodes ?? [];
  const seen = new Set(here.map((hit) => hit.id));
  const elsewhere = [...(found.registry?.nodes ?? []), ...(found.tracking?.nodes ?? [])].filter((hit) => !seen.has(hit.id));
  const command = (hit: Hit, isHere: boolean): Command[] => {
    const href = hrefOf(hit);
    if (href === null) return [];
    const detail = [t(`home.kind_${hit.__typename}`), !isHere && projectOf(hit)].filter(Boolean).join(' · ');
    return [{ id: hit.id, label: nameOf(hit), detail, run: () => void navigate({ href }) }];
  };
  const projects = found.projects.nodes.map((project) => ({
    id: project.id,
    label: project.name,
    detail: project.fullPath,
    run: () => void navigate({ to: '/n/$path', params: { path: project.fullPath } }),
  }));
  return [
    { label: 'shell.palette_found', items: here.flatMap((hit) => command(hit, true)) },
    { label: 'shell.palette_elsewhere', items: elsewhere.flatMap((hit) => command(hit, false)) },
    { label: 'shell.palette_projects', items: projects },
  ];
}
