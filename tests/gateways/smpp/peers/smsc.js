// An SMSC of the npm package "smpp": takes what is submitted, writes receipts, brings texts on command.
// One line of JSON for whatever happens on standard output; one for each command on standard input.
const smpp = require('smpp');

const options = JSON.parse(process.argv[2] || '{}');
const tell = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const sessions = new Set();
let number = 0;

function receipt(session, submitted, id) {
  const common = { source_addr: submitted.destination_addr, destination_addr: submitted.source_addr, esm_class: 4 };
  const written = options.receipt_id === 'dec' ? String(parseInt(id, 16)) : id;
  const text = `id:${written} sub:001 dlvrd:001 submit date:2611252200 done date:2611252201 stat:DELIVRD err:000 text:x`;
  session.deliver_sm(options.receipt === 'tlv'
    ? { ...common, short_message: '', receipted_message_id: written, message_state: 2 }
    : { ...common, short_message: text });
}

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('close', () => sessions.delete(session));
  const bind = (pdu) => {
    const right = pdu.system_id === 'smsbot' && pdu.password === 'secret';
    tell({ event: 'bind', command: pdu.command, right });
    if (right) sessions.add(session);
    session.send(pdu.response(right ? { system_id: 'node' } : { command_status: smpp.ESME_RINVPASWD }));
  };
  session.on('bind_transceiver', bind);
  session.on('bind_transmitter', bind);
  session.on('bind_receiver', bind);
  session.on('enquire_link', (pdu) => { tell({ event: 'enquire' }); session.send(pdu.response()); });
  session.on('unbind', (pdu) => { tell({ event: 'unbind' }); session.send(pdu.response()); session.close(); });
  session.on('unbind_resp', () => { tell({ event: 'unbound' }); session.close(); });
  session.on('submit_sm', (pdu) => {
    const message = pdu.short_message;
    tell({
      event: 'submit', to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding, text: message.message,
      udh: message.udh ? message.udh.map((element) => element.toString('hex')) : [], esm_class: pdu.esm_class,
    });
    if (pdu.destination_addr === options.throttled && number % 2 === 0) {
      number += 1;
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    const id = (0xa000 + ++number).toString(16);
    session.send(pdu.response({ message_id: id }));
    if (options.receipt) receipt(session, pdu, id);
  });
});

server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));

const commands = {
  bring: (order, session) => {
    const message = { source_addr: order.from, destination_addr: '2200' };
    const body = { message: order.text };
    if (order.udh) body.udh = Buffer.from(order.udh, 'hex');
    if (order.payload) Object.assign(message, { short_message: '', message_payload: { message: order.text } });
    else message.short_message = body;
    if (order.coding !== undefined) message.data_coding = order.coding;
    if (order.sar) [message.sar_msg_ref_num, message.sar_total_segments, message.sar_segment_seqnum] = order.sar;
    session.deliver_sm(message, (answer) => tell({ event: 'answer', status: answer.command_status }));
  },
  unbind: (order, session) => session.unbind(),
  cut: (order, session) => session.destroy(),
  garbage: (order, session) => session.socket.write(Buffer.from(order.hex, 'hex')),
};
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  for (const session of sessions) commands[order.do](order, session);
}).on('close', () => process.exit(0));
