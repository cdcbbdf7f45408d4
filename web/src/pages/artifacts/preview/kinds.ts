import type { FileRow } from '../tree/listing';

/** Ways to show a file; the first is the one that is shown at first. */
export type View =
  | 'audio'
  | 'cells'
  | 'facts'
  | 'image'
  | 'page'
  | 'parquet'
  | 'rendered'
  | 'source'
  | 'table'
  | 'tensors'
  | 'tree'
  | 'video';

const BY_ENDING: Readonly<Record<string, readonly View[]>> = {
  csv: ['table', 'source'], tsv: ['table', 'source'],
  json: ['tree', 'source'], jsonl: ['source'], ndjson: ['source'], geojson: ['tree', 'source'],
  md: ['rendered', 'source'], markdown: ['rendered', 'source'],
  ipynb: ['cells', 'source'],
  html: ['source', 'page'], htm: ['source', 'page'], xhtml: ['source'],
  svg: ['image', 'source'],
  png: ['image'], jpg: ['image'], jpeg: ['image'], gif: ['image'], webp: ['image'], avif: ['image'], bmp: ['image'], ico: ['image'],
  wav: ['audio'], mp3: ['audio'], ogg: ['audio'], oga: ['audio'], flac: ['audio'], m4a: ['audio'], opus: ['audio'],
  mp4: ['video'], webm: ['video'],
  parquet: ['parquet'],
  safetensors: ['tensors'], gguf: ['tensors'],
}; // prettier-ignore

const SOURCES = new Set(
  `bat c cc cfg cmake conf cpp cs css cu cuh cxx dockerfile env gitattributes gitignore go gradle graphql h hpp ini java jinja
  jinja2 jl js jsx kt lock log lua m makefile mjs mlmodel php pl proto properties ps1 py pyi pyx r rb requirements rs rst sass
  scala scss sh sql swift tex tf toml ts tsv tsx txt vocab vue xml yaml yml zsh`.split(/\s+/),
);

/** How a file can be shown, by its name and what the server has found in it. */
export function viewsOf(file: Pick<FileRow, 'path' | 'format' | 'mediaType' | 'size'>): readonly View[] {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1).toLowerCase();
  const ending = name.slice(name.lastIndexOf('.') + 1);
  if (file.format === 'safetensors' || file.format === 'gguf') return ['tensors'];
  if (file.format === 'mlmodel' || file.format === 'conda' || file.format === 'requirements') return ['source', 'facts'];
  if (file.format !== null) return ['facts'];
  const views = BY_ENDING[ending];
  if (views) return views;
  if (SOURCES.has(ending) || file.mediaType.startsWith('text/')) return ['source'];
  if (file.mediaType.startsWith('image/')) return ['image'];
  if (file.mediaType.startsWith('audio/')) return ['audio'];
  // Whether it is text is seen when it is read.
  return ['source'];
}
