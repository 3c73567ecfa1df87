// A series over hours to a year: its mean as a line, minimum to maximum as a band, gaps hatched.
import {useRef} from 'preact/hooks';
import type uPlot from 'uplot';

import type {History, HistoryGap} from '../api/history';
import {words} from '../i18n/language';
import {historyColumns, type Range} from '../state/history';
import {lonely} from '../state/points';
import {type Look, plain, timeAxis, UplotBox, valueAxis, valueRange} from './uplot_box';

const formats: Record<Range, Intl.DateTimeFormatOptions> = {
  hour: {hour: '2-digit', minute: '2-digit'},
  day: {hour: '2-digit', minute: '2-digit'},
  week: {weekday: 'short', day: 'numeric'},
  month: {day: 'numeric', month: 'short'},
  year: {month: 'short'},
};

export function HistoryPlot({history, range, stepped, label}: {history: History; range: Range; stepped: boolean; label: string}) {
  const language = words.value.code;
  const gaps = useRef(history.gaps);
  gaps.current = history.gaps;
  return (
    <UplotBox options={(look) => options(look, range, stepped, language, () => gaps.current)} redraw={`${range} ${stepped} ${language}`}
      data={historyColumns(history)} from={Date.parse(history.from)} to={Date.parse(history.to)} label={label} />
  );
}

function options({axis, colour}: Look, range: Range, stepped: boolean, language: string, gaps: () => HistoryGap[]): Omit<uPlot.Options, 'width' | 'height'> {
  const edge = {width: 0, points: {show: false}, stroke: 'transparent'};
  return {
    ...plain,
    scales: {x: {time: true, auto: false}, y: {range: valueRange(stepped)}},
    axes: [timeAxis(axis, language, formats[range]), valueAxis(axis, stepped, language)],
    series: [{}, edge, edge, {
      stroke: colour('--accent'),
      width: 2,
      points: {show: true, filter: (plot, at) => lonely(plot.data[at]!), size: 5, fill: colour('--accent')},
    }],
    bands: [{series: [2, 1], fill: colour('--band')}],
    hooks: {drawClear: [(plot) => gaps().forEach((gap) => hatch(plot, gap, colour('--warn')))]},
  };
}

const hatchStep = 8;

/** Slanted lines over the time of a gap: to be told without its colour. At least three pixels wide. */
function hatch(plot: uPlot, gap: HistoryGap, colour: string): void {
  const {ctx, bbox} = plot;
  const at = (time: string) => Math.min(Math.max(plot.valToPos(Date.parse(time) / 1000, 'x', true), bbox.left), bbox.left + bbox.width);
  const left = at(gap.from);
  const width = Math.max(at(gap.to) - left, 3);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.35;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (let x = left - bbox.height; x < left + width; x += hatchStep) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}
