// CBOR as CONTRACT 3 has it: definite lengths, text keys, the members that JSON would have (RFC 8949). Anything else throws.

/** The value of exactly these bytes. */
export function decodeCbor(bytes) {
  const reader = new Reader(bytes);
  const value = reader.item();
  if (reader.at !== bytes.length) throw new Error(`CBOR: ${bytes.length - reader.at} bytes behind the item`);
  return value;
}

class Reader {
  at = 0;

  constructor(bytes) {
    this.bytes = bytes;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Error('CBOR: cut off');
    return this.bytes.subarray(this.at, (this.at += count));
  }

  item() {
    const [head] = this.take(1);
    const [major, info] = [head >> 5, head & 31];
    if (major === 7) return this.simple(info);
    const argument = this.argument(info);
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major === 3) return new TextDecoder('utf-8', { fatal: true }).decode(this.take(argument));
    if (major === 4) return Array.from({ length: argument }, () => this.item());
    if (major === 5) return Object.fromEntries(Array.from({ length: argument }, () => [this.key(), this.item()]));
    throw new Error(`CBOR: major type ${major} has no JSON`);
  }

  key() {
    const key = this.item();
    if (typeof key !== 'string') throw new Error(`CBOR: ${key} is a key`);
    return key;
  }

  argument(info) {
    if (info < 24) return info;
    if (info > 27) throw new Error('CBOR: an indefinite length');
    return Number(this.take(2 ** (info - 24)).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
  }

  simple(info) {
    if (info === 26) return this.take(4).readFloatBE();
    if (info === 27) return this.take(8).readDoubleBE();
    if (info >= 20 && info <= 22) return [false, true, null][info - 20];
    throw new Error(`CBOR: simple value ${info}`);
  }
}

export function encodeCbor(value) {
  if (value === false || value === true || value === null) return Buffer.from([value === null ? 0xf6 : value ? 0xf5 : 0xf4]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Number.isInteger(value)) return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encodeCbor)]);
  const members = Object.entries(value);
  return Buffer.concat([head(5, members.length), ...members.flat().map(encodeCbor)]);
}

function head(major, argument) {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  const bytes = Buffer.alloc(9);
  bytes[0] = (major << 5) | 27;
  bytes.writeBigUInt64BE(BigInt(argument), 1);
  return bytes;
}

function number(value) {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}
