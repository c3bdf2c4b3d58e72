// Calls the inference service with the official client, @grpc/grpc-js, and checks what comes back.
// node inference.js ADDRESS REPOSITORY: ends with 0 and prints 'ok' if everything was as it must be. The server has the model `simple`.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, repository] = process.argv.slice(2);
const protos = path.join(repository, 'Api', 'Grpc', 'Protos');
const definition = loader.loadSync('grpc_service.proto', { includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
const Service = grpc.loadPackageDefinition(definition).inference.GRPCInferenceService;
const client = new Service(address, grpc.credentials.createInsecure());

const unary = (method, request, options = {}) => new Promise((resolve, reject) =>
  client[method](request, new grpc.Metadata(), options, (error, response) => error ? reject(error) : resolve(response)));
const failure = async promise => {
  try { await promise; } catch (error) { return error; }
  return assert.fail('the call succeeded');
};
const raw = numbers => Buffer.from(Int32Array.from(numbers).buffer);
const range = Array.from({ length: 16 }, (_, i) => i);
const request = id => ({
  model_name: 'simple', id,
  inputs: ['INPUT0', 'INPUT1'].map(name => ({ name, datatype: 'INT32', shape: [1, 16] })),
  raw_input_contents: [raw(range), raw(range)],
});

async function main() {
  assert.equal((await unary('ServerReady', {})).ready, true);
  assert.equal((await unary('ModelReady', { name: 'simple' })).ready, true);
  assert.deepEqual((await unary('ModelMetadata', { name: 'simple' })).inputs[0], { name: 'INPUT0', datatype: 'INT32', shape: ['-1', '16'] });
  assert.equal((await unary('ModelConfig', { name: 'simple' })).config.max_batch_size, 8);

  const answer = await unary('ModelInfer', request('7'));
  assert.deepEqual([answer.model_name, answer.model_version, answer.id], ['simple', '1', '7']);
  assert.deepEqual(answer.outputs.map(output => [output.name, output.datatype, output.shape]), [['OUTPUT0', 'INT32', ['1', '16']], ['OUTPUT1', 'INT32', ['1', '16']]]);
  assert.deepEqual(answer.raw_output_contents, [raw(range.map(i => 2 * i)), raw(range.map(() => 0))]);

  // Unpacked on this side is packed on the wire: numbers instead of bytes.
  const typed = request('8');
  delete typed.raw_input_contents;
  for (const input of typed.inputs) input.contents = { int_contents: range };
  assert.deepEqual((await unary('ModelInfer', typed)).raw_output_contents, answer.raw_output_contents);

  const unknown = await failure(unary('ModelInfer', { ...request('9'), model_name: 'none' }));
  assert.deepEqual([unknown.code, unknown.details], [grpc.status.NOT_FOUND, "Request for unknown model: 'none' is not found"]);
  const late = await failure(unary('ModelInfer', request('10'), { deadline: Date.now() - 1 }));
  assert.equal(late.code, grpc.status.DEADLINE_EXCEEDED);

  const stream = client.ModelStreamInfer();
  const messages = [];
  const ended = new Promise((resolve, reject) => {
    stream.on('data', message => messages.push(message));
    stream.on('error', reject);
    stream.on('end', resolve);
  });
  stream.write(request('a'));
  stream.write({ ...request('b'), model_name: 'none' });
  stream.write(request('c'));
  stream.end();
  await ended;
  assert.deepEqual(messages.map(message => message.infer_response.id), ['a', 'b', 'c']);
  assert.deepEqual(messages.map(message => message.error_message), ['', "Request for unknown model: 'none' is not found", '']);
  assert.deepEqual(messages[2].infer_response.raw_output_contents, answer.raw_output_contents);

  const many = await Promise.all(Array.from({ length: 200 }, (_, i) => unary('ModelInfer', request(`${i}`))));
  assert.deepEqual(many.map(one => one.id), Array.from({ length: 200 }, (_, i) => `${i}`));
}

main().then(
  () => { console.log('ok'); process.exit(0); },
  error => { console.error(error); process.exit(1); });
