// Calls a server with the official client, @grpc/grpc-js, and checks what comes back.
// node client.js ADDRESS REPOSITORY CASE: ends with 0 and prints 'ok CASE' if everything was as it must be.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, repository, wanted] = process.argv.slice(2);
const own = path.join(repository, 'Api', 'Grpc', 'Protos');
const test = path.join(repository, 'tests', 'Api.Tests', 'Grpc', 'Protos');
const load = file => grpc.loadPackageDefinition(
  loader.loadSync(file, { includeDirs: [own, test], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }));

const large = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const credentials = grpc.credentials.createInsecure();
const connect = (options = {}) => new (load('echo.proto').granary.test.Echo)(address, credentials, { ...large, ...options });
const health = () => new (load('grpc/health/v1/health.proto').grpc.health.v1.Health)(address, credentials);
const reflection = version =>
  new (load(`grpc/reflection/${version}/reflection.proto`).grpc.reflection[version].ServerReflection)(address, credentials);

const unary = (client, method, request, metadata = new grpc.Metadata(), options = {}) => new Promise((resolve, reject) => {
  const seen = {};
  const call = client[method](request, metadata, options, (error, response) =>
    error ? reject(Object.assign(error, seen)) : setImmediate(() => resolve({ response, ...seen })));
  call.on('metadata', head => { seen.head = head; });
  call.on('status', status => { seen.status = status; });
});
const failure = async promise => {
  try { await promise; } catch (error) { return error; }
  return assert.fail('the call succeeded');
};
const collect = call => new Promise((resolve, reject) => {
  const messages = [];
  call.on('data', message => messages.push(message));
  call.on('error', error => reject(Object.assign(error, { messages })));
  call.on('end', () => resolve(messages));
});
const text = response => response.text;

const cases = {
  async unary() {
    const client = connect();
    const { response } = await unary(client, 'Unary', { text: 'grüße 世界 🦀', count: -7, payload: Buffer.from([0, 255]) });
    assert.equal(response.text, 'grüße 世界 🦀');
    assert.equal(response.count, -7);
    assert.deepEqual(response.payload, Buffer.from([0, 255]));
    const many = await Promise.all(Array.from({ length: 300 }, (_, i) => unary(client, 'Unary', { count: i })));
    assert.deepEqual(many.map(one => one.response.count), Array.from({ length: 300 }, (_, i) => i));
  },

  async streams() {
    const client = connect();
    const repeated = await collect(client.Repeat({ text: 'a', count: 1000 }));
    assert.deepEqual(repeated.map(one => one.count), Array.from({ length: 1000 }, (_, i) => i));
    assert.deepEqual(await collect(client.Repeat({ count: 0 })), []);

    const sum = await new Promise((resolve, reject) => {
      const call = client.Collect((error, response) => error ? reject(error) : resolve(response));
      for (let i = 0; i < 500; i++) call.write({ text: 'x' });
      call.end();
    });
    assert.equal(sum.count, 500);
    assert.equal(sum.text, 'x'.repeat(500));

    // Each question waits for the answer to the one before.
    const chat = client.Chat();
    const answers = [];
    await new Promise((resolve, reject) => {
      chat.on('data', message => {
        answers.push(message.text);
        if (answers.length === 50) chat.end();
        else chat.write({ text: `${answers.length}` });
      });
      chat.on('error', reject);
      chat.on('end', resolve);
      chat.write({ text: '0' });
    });
    assert.deepEqual(answers, Array.from({ length: 50 }, (_, i) => `${i}`));
  },

  async metadata() {
    const sent = new grpc.Metadata();
    sent.set('x-text', 'plain text');
    sent.set('x-bytes-bin', Buffer.from([1, 2, 250, 251, 252]));
    const { response, head, status } = await unary(connect(), 'Metadata', {}, sent, { deadline: Date.now() + 60_000 });
    assert.equal(response.metadata['x-text'], 'plain text');
    assert.equal(response.metadata['x-bytes-bin'], '0102FAFBFC');
    assert.match(response.metadata.timeout, /^00:0(0:59|1:00)/);
    assert.deepEqual(head.get('x-head'), ['before']);
    assert.deepEqual(head.get('x-head-bin'), [Buffer.from([0, 255, 1])]);
    assert.deepEqual(status.metadata.get('x-tail'), ['after']);
    assert.deepEqual(status.metadata.get('x-tail-bin'), [Buffer.from([1, 2, 3, 4])]);

    const error = await failure(unary(connect(), 'Metadata', { fail: 'NotFound', text: 'gone' }));
    assert.equal(error.code, grpc.status.NOT_FOUND);
    assert.deepEqual(error.metadata.get('x-tail'), ['after']);
  },

  async errors() {
    const client = connect();
    const table = {
      InvalidArgument: 3, NotFound: 5, AlreadyExists: 6, PermissionDenied: 7, Unauthenticated: 16, Unsupported: 12, TooLarge: 8,
      Overloaded: 14, Unavailable: 14, SourceFailed: 14, DeadlineExceeded: 4, Cancelled: 1, ModelFailed: 13, Internal: 13, defect: 13,
    };
    for (const [fail, code] of Object.entries(table)) {
      const words = `Modell 'größe' nicht gefunden: 100 % 世界 🦀\n${fail}`;
      const error = await failure(unary(client, 'Unary', { fail, text: words }));
      assert.equal(error.code, code, fail);
      assert.equal(error.details, fail === 'defect' ? 'The server failed to handle this request; its log says why' : words);
    }

    // After messages the status comes in the trailers.
    const broken = await failure(collect(client.Repeat({ count: 3, fail: 'Overloaded', text: 'später' })));
    assert.equal(broken.code, grpc.status.UNAVAILABLE);
    assert.equal(broken.details, 'später');
    assert.equal(broken.messages.length, 3);

    assert.equal((await failure(unary(client, 'Missing', {}))).code, grpc.status.UNIMPLEMENTED);
    const other = new (grpc.makeGenericClientConstructor({
      Call: { path: '/no.such.Service/Call', requestStream: false, responseStream: false, requestSerialize: x => x, requestDeserialize: x => x, responseSerialize: x => x, responseDeserialize: x => x },
    }, 'other'))(address, credentials);
    const unknown = await failure(unary(other, 'Call', Buffer.alloc(0)));
    assert.equal(unknown.code, grpc.status.UNIMPLEMENTED);
    assert.match(unknown.details, /no method \/no\.such\.Service\/Call/);
  },

  async deadlines() {
    const client = connect();
    const error = await failure(unary(client, 'Unary', { wait: true }, new grpc.Metadata(), { deadline: Date.now() + 150 }));
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    const stream = await failure(collect(client.Repeat({ count: 2, wait: true }, new grpc.Metadata(), { deadline: Date.now() + 1000 })));
    assert.equal(stream.code, grpc.status.DEADLINE_EXCEEDED);
    // On a machine that is busy enough not even the first message makes it in time.
    assert.ok(stream.messages.length <= 2);
  },

  async cancel() {
    const client = connect();
    const call = client.Repeat({ count: 1, wait: true });
    call.on('data', () => call.cancel());
    const error = await failure(collect(call));
    assert.equal(error.code, grpc.status.CANCELLED);
    assert.equal(text((await unary(client, 'Unary', { text: 'still here' })).response), 'still here');
  },

  async compression() {
    for (const algorithm of [1, 2]) { // deflate, gzip
      const client = connect({ 'grpc.default_compression_algorithm': algorithm });
      const payload = Buffer.alloc(1_000_000, 'tensor ');
      const { response, head } = await unary(client, 'Unary', { text: 'packed', payload });
      assert.ok(payload.equals(response.payload));
      const answers = await collect(client.Repeat({ count: 3, payload }));
      assert.ok(answers.every(one => payload.equals(one.payload)) && answers.length === 3);
      assert.equal(text((await unary(client, 'Unary', { text: 'small' })).response), 'small');
    }
  },

  async large() {
    const client = connect();
    const payload = Buffer.alloc(64 << 20);
    for (let i = 0; i < payload.length; i += 4096) payload.writeUInt32LE(i, i);
    for (const method of ['Unary', 'Raw']) {
      const { response } = await unary(client, method, { payload });
      assert.ok(payload.equals(response.payload), method);
    }
    const chat = client.Chat();
    chat.write({ payload: payload.subarray(0, 20 << 20) });
    chat.write({ payload: payload.subarray(20 << 20, 41 << 20) });
    chat.end();
    const answers = await collect(chat);
    assert.ok(Buffer.concat(answers.map(one => one.payload)).equals(payload.subarray(0, 41 << 20)));
  },

  async health() {
    const client = health();
    assert.equal((await unary(client, 'Check', {})).response.status, 'SERVING');
    assert.equal((await unary(client, 'Check', { service: 'granary.test.Echo' })).response.status, 'SERVING');
    assert.equal((await failure(unary(client, 'Check', { service: 'no.such.Service' }))).code, grpc.status.NOT_FOUND);
    const { statuses } = (await unary(client, 'List', {})).response;
    assert.equal(statuses[''].status, 'SERVING');
    assert.equal(statuses['granary.test.Echo'].status, 'SERVING');
    for (const [service, status] of [['', 'SERVING'], ['no.such.Service', 'SERVICE_UNKNOWN']]) {
      const watch = client.Watch({ service });
      const first = await new Promise((resolve, reject) => { watch.on('data', resolve); watch.on('error', reject); });
      assert.equal(first.status, status);
      watch.removeAllListeners('error');
      watch.on('error', () => {});
      watch.cancel();
    }
  },

  async reflection() {
    for (const version of ['v1', 'v1alpha']) {
      const ask = async (...questions) => {
        const call = reflection(version).ServerReflectionInfo();
        const answers = collect(call);
        questions.forEach(question => call.write(question));
        call.end();
        return answers;
      };
      const [list, file, service, method, field, nothing] = await ask({ list_services: '*' }, { file_by_filename: 'echo.proto' },
        { file_containing_symbol: 'granary.test.Echo' }, { file_containing_symbol: 'granary.test.Echo.Chat' },
        { file_containing_symbol: 'granary.test.EchoMessage.payload' }, { file_containing_symbol: 'no.such.Thing' });
      assert.deepEqual(list.list_services_response.service.map(one => one.name), wantedServices);
      const files = answer => answer.file_descriptor_response.file_descriptor_proto;
      for (const answer of [service, method, field]) assert.deepEqual(files(answer), files(file));
      assert.equal(nothing.error_response.error_code, grpc.status.NOT_FOUND);
      // What comes back is enough to call the service, which is what grpcurl does with it.
      const definition = loader.loadFileDescriptorSetFromObject({ file: files(file).map(bytes => decodeFile(bytes)) }, { keepCase: true });
      const Echo = grpc.loadPackageDefinition(definition).granary.test.Echo;
      const { response } = await unary(new Echo(address, credentials), 'Unary', { text: 'described by itself' });
      assert.equal(text(response), 'described by itself');
    }
  },
};

const wantedServices = ['granary.test.Echo', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection', 'inference.GRPCInferenceService',
  'org.pytorch.serve.grpc.inference.InferenceAPIsService', 'org.pytorch.serve.grpc.management.ManagementAPIsService'];
const decodeFile = bytes => {
  const { FileDescriptorProto } = require('protobufjs/ext/descriptor');
  return FileDescriptorProto.toObject(FileDescriptorProto.decode(bytes));
};

cases[wanted]().then(
  () => { console.log(`ok ${wanted}`); process.exit(0); },
  error => { console.error(error); process.exit(1); });
