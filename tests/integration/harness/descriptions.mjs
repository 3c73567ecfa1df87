// The descriptions of the API as judges: documents are held against the official schemas, answers against the documents.
import assert from 'node:assert/strict';
import officialAsyncApi from '@asyncapi/specs';
import { Validator as OfficialOpenApi } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What the official JSON Schema has against a description; empty: nothing. */
export async function faultsOfOpenApi(document) {
  const { errors } = await new OfficialOpenApi().validate(structuredClone(document));
  return [errors ?? []].flat().map(fault);
}

// It brings draft-07's own schema with it: a second one would be ambiguous.
export function faultsOfAsyncApi(document) {
  const ajv = addFormats(new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false }));
  const validate = ajv.compile(officialAsyncApi.schemas['3.0.0']);
  validate(document);
  return (validate.errors ?? []).map(fault);
}

const fault = (error) => (typeof error === 'string' ? error : `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
// Beside the schemas in the same document, which may have no other unknown keyword.
const notOfSchemas = ['openapi', 'asyncapi', 'info', 'defaultContentType', 'servers', 'tags', 'paths', 'channels', 'operations', 'components'];

/**
 * The schemas of a description. What is served lets members come that are not known yet; here they are faults: everything that
 * the gateway sends must be described.
 */
export class Schemas {
  constructor(document, { draft7 = false } = {}) {
    this.document = document;
    this.ajv = addFormats(new (draft7 ? Ajv : Ajv2020)({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }));
    this.ajv.addVocabulary(notOfSchemas);
    this.ajv.addSchema(closed(document), 'document');
  }

  /** The object at a JSON pointer; a reference instead of it is followed. */
  at(...names) {
    return this.follow(names.reduce((object, name) => this.follow(object)?.[name], this.document));
  }

  follow(object) {
    if (typeof object?.$ref !== 'string') return object;
    return this.at(...object.$ref.slice(2).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')));
  }

  /** What the schema at a place in the document has against a value; empty: nothing. */
  against(place, value) {
    const validate = this.ajv.compile({ $ref: `document#/${place.map((name) => encodeURIComponent(String(name).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}` });
    validate(value);
    return (validate.errors ?? []).map(fault);
  }

  check(place, value, what) {
    assert.deepEqual(this.against(place, value), [], `${what}: ${JSON.stringify(value).slice(0, 2000)}`);
  }

  /** Every schema of the document compiles: no unknown keyword, no reference into nothing. Answers their names. */
  compileAll() {
    const names = Object.keys(this.document.components.schemas);
    for (const name of names) this.against(['components', 'schemas', name], null);
    return names;
  }
}

function closed(value) {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== 'object') return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  if (copy.type === 'object' && copy.properties) copy.additionalProperties ??= false;
  return copy;
}

// Of HTTP or of the connection, not of the API.
const plainHeaders = ['cache-control', 'connection', 'content-encoding', 'content-length', 'content-security-policy', 'content-type',
  'keep-alive', 'referrer-policy', 'transfer-encoding', 'vary', 'x-accel-buffering', 'x-content-type-options'];

/** Judges answers by an OpenAPI description, and notes which of its statuses came. */
export class OpenApi extends Schemas {
  constructor(document) {
    super(document);
    this.operations = new Map();
    this.seen = new Set();
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of ['get', 'put', 'post', 'delete']) {
        if (item[method]) this.operations.set(item[method].operationId, this.operation(path, method, item));
      }
    }
  }

  operation(path, method, item) {
    const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((each) => this.follow(each));
    return { ...item[method], path, method, parameters };
  }

  /** Status, headers, content type and body of an answer must be described. Answers the body. */
  async judge(id, response) {
    const { path, method, responses } = this.operations.get(id);
    const name = `${id} ${response.status}`;
    assert.ok(responses[response.status], `${name} is not described`);
    this.seen.add(name);
    const place = responses[response.status].$ref?.slice(2).split('/') ?? ['paths', path, method, 'responses', response.status];
    this.judgeHeaders(place, response, name);
    return this.judgeBody(place, response, name);
  }

  judgeHeaders(place, { headers }, name) {
    const described = this.at(...place).headers ?? {};
    for (const [header, given] of Object.entries(described)) {
      const { required } = this.follow(given);
      const value = headers.get(header);
      assert.ok(value !== null || !required, `${name} has no ${header}`);
      if (value === null) continue;
      const at = given.$ref?.slice(2).split('/') ?? [...place, 'headers', header];
      this.check([...at, 'schema'], this.at(...at, 'schema').type === 'integer' ? Number(value) : value, `${name}: ${header}`);
    }
    const known = [...plainHeaders, ...Object.keys(described).map((header) => header.toLowerCase())];
    assert.deepEqual([...headers.keys()].filter((header) => !known.includes(header)), [], `${name}: headers that are not described`);
  }

  async judgeBody(place, response, name) {
    const text = await response.text();
    const { content } = this.at(...place);
    const type = response.headers.get('content-type')?.split(';')[0];
    if (!content) return assert.equal(text, '', `${name} has a body`);
    const key = content[type] ? type : '*/*';
    assert.ok(content[key], `${name}: ${type} is not described`);
    this.seen.add(`${name} ${key}`);
    const at = [...place, 'content', key];
    const json = type.endsWith('json') && type !== 'application/x-ndjson';
    const body = json ? JSON.parse(text) : text;
    this.check([...at, 'schema'], body, name);
    if (content[key]['x-item-schema']) {
      for (const item of itemsOf(text)) this.check([...at, 'x-item-schema'], item, name);
    }
    if (type === 'application/problem+json') assert.equal(body.status, response.status);
    return body;
  }
}

/** The records in a body of lines or events. */
function itemsOf(text) {
  const data = text.includes('data: ') ? eventsOf(text).filter(({ event }) => event !== 'end').map((event) => event.data) : text.split('\n');
  return data.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** `{id, event, data}` of each event in a body of server-sent events (WHATWG HTML 9.2.6, without data of several lines). */
export function eventsOf(text) {
  const blocks = text.split('\n\n').map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s))));
  return blocks.filter(({ data }) => data !== undefined);
}
