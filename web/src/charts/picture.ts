import type { ChartColours } from './colours';
import { dashOf } from './painting';
import { download, fileName } from './table';

/** A line of a legend. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  readonly look: number;
}

const EDGE = 16;
const LINE = 20;
const COLUMN = 240;
const MOST_ENTRIES = 60;

/** Hand a picture of a chart to the person, with its title and legend, on the page's background. */
export function downloadPicture(canvas: HTMLCanvasElement, title: string, entries: readonly LegendEntry[], colours: ChartColours): void {
  const ratio = devicePixelRatio;
  const width = canvas.width / ratio + 2 * EDGE;
  const columns = Math.max(1, Math.floor((width - 2 * EDGE) / COLUMN));
  const listed = entries.slice(0, MOST_ENTRIES);
  const legend = Math.ceil(listed.length / columns) * LINE;
  const plotTop = EDGE + LINE + 8;
  const height = plotTop + canvas.height / ratio + (legend > 0 ? legend + 12 : 0) + EDGE;
  const picture = document.createElement('canvas');
  picture.width = Math.round(width * ratio);
  picture.height = Math.round(height * ratio);
  const context = picture.getContext('2d');
  if (context === null) return;
  context.scale(ratio, ratio);
  context.fillStyle = colours.background;
  context.fillRect(0, 0, width, height);
  context.fillStyle = colours.text;
  context.font = `600 15px ${colours.font}`;
  context.textBaseline = 'middle';
  context.fillText(title, EDGE, EDGE + LINE / 2, width - 2 * EDGE);
  context.drawImage(canvas, EDGE, plotTop, canvas.width / ratio, canvas.height / ratio);
  context.font = `12px ${colours.font}`;
  listed.forEach((entry, index) => {
    const left = EDGE + (index % columns) * COLUMN;
    const top = plotTop + canvas.height / ratio + 12 + Math.floor(index / columns) * LINE + LINE / 2;
    drawEntry(context, entry, left, top, colours);
  });
  picture.toBlob((content) => {
    if (content !== null) download(content, fileName(title, 'png'));
  }, 'image/png');
}

function drawEntry(context: CanvasRenderingContext2D, entry: LegendEntry, left: number, top: number, colours: ChartColours): void {
  context.strokeStyle = entry.colour;
  context.lineWidth = 2;
  context.setLineDash(dashOf(entry.look, colours.lines.length, 1));
  context.beginPath();
  context.moveTo(left, top);
  context.lineTo(left + 24, top);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = colours.text;
  context.fillText(entry.name, left + 30, top, COLUMN - 40);
}
