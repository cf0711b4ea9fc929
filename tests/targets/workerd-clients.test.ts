import { openWorkerd } from '../support/workerd-door.ts';
import { clients } from './clients.ts';

clients(openWorkerd);
