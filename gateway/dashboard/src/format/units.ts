// SenML units (RFC 8428 section 12.1, RFC 8798) as people write them.
const pretty = new Map(Object.entries({
  Cel: '°C', Far: '°F', '%RH': '%', '%EL': '%', EL: '', '/': '', count: '', Ohm: 'Ω', deg: '°', lat: '°', lon: '°',
  'm/s2': 'm/s²', m2: 'm²', m3: 'm³', 'm3/s': 'm³/s', 'm3/h': 'm³/h', 'W/m2': 'W/m²', 'kg/m3': 'kg/m³',
  'ug/m3': 'µg/m³', 'mg/m3': 'mg/m³', 'cd/m2': 'cd/m²', 'beat/min': 'bpm', '1/min': '/min', '1/s': '/s', uS: 'µS',
  'uS/cm': 'µS/cm', uA: 'µA', uV: 'µV', um: 'µm', us: 'µs', l: 'L', 'l/s': 'L/s', 'l/min': 'L/min', vars: 'var·s',
}));

export function prettyUnit(unit: string | undefined): string {
  if (!unit) return '';
  return pretty.get(unit) ?? unit;
}
