// The last minutes of a series, moving.
import uPlot from 'uplot';

import {now} from '../state/app';
import {words} from '../i18n/language';
import {columns, gapLimit, lonely, type Point, windowMs} from '../state/points';
import {type Look, plain, timeAxis, UplotBox, valueAxis, valueRange} from './uplot_box';

export function Plot({points, stepped, label}: {points: Point[]; revision: number; stepped: boolean; label: string}) {
  const language = words.value.code;
  const end = Math.max(now.value, points[points.length - 1]?.time ?? 0);
  return (
    <UplotBox options={(look) => options(look, stepped, language)} redraw={`${stepped} ${language}`} data={columns(points, gapLimit(points))}
      from={end - windowMs} to={end} label={label} />
  );
}

function options({axis, colour}: Look, stepped: boolean, language: string): Omit<uPlot.Options, 'width' | 'height'> {
  return {
    ...plain,
    scales: {x: {time: true, auto: false}, y: {range: valueRange(stepped)}},
    axes: [timeAxis(axis, language, {hour: '2-digit', minute: '2-digit'}), valueAxis(axis, stepped, language)],
    series: [{}, {
      stroke: colour('--accent'),
      width: 2,
      fill: colour('--accent-wash'),
      points: {show: (_, __, from, to) => to - from < 60, filter: (plot, at, all) => (all ? null : lonely(plot.data[at]!)), size: 5, fill: colour('--accent')},
      ...(stepped ? {paths: uPlot.paths.stepped!({align: 1})} : {}),
    }],
  };
}
