import { openNode } from '../support/node-door.ts';
import { clients } from './clients.ts';

clients(openNode);
