// ipx as its README sets it up, on files of a folder. Arguments: folder, port.
import http from 'node:http';
import { createIPX, createIPXNodeServer, ipxFSStorage } from 'ipx';

const [root, port] = process.argv.slice(2);
const ipx = createIPX({ storage: ipxFSStorage({ dir: root }), sharpOptions: {} });
http.createServer(createIPXNodeServer(ipx)).listen(Number(port), '127.0.0.1');
