import {model} from '../state/app';
import {route} from '../state/route';
import {ChartSheet} from './chart_sheet';
import {CommandSheet} from './command_sheet';
import {LossesSheet} from './losses_sheet';

/** The sheet that the address names; none while its device is not known (yet). */
export function SheetForRoute() {
  const at = route.value;
  void model.names.value; // devices come and go
  if (at.view === 'devices') return null;
  if (at.view === 'losses') return <LossesSheet />;
  const device = model.devices.get(at.device);
  if (!device) return null;
  if (at.view === 'commands') return <CommandSheet key={device.name} device={device} />;
  void device.metrics.value;
  const series = device.series.get(at.metric);
  return series ? <ChartSheet key={`${at.device}/${at.metric}`} device={device} series={series} /> : null;
}
