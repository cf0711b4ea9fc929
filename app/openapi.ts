import { describeOperations, type Operation, toTemplate } from './describe-operations.ts';
import { Batch, BatchList, BatchListQuery, BatchRequest } from './schemas/batches.ts';
import { ChatChunk, ChatCompletion, ChatRequest } from './schemas/chat.ts';
import {
  Conversation,
  ConversationDeleted,
  ConversationRequest,
  ConversationUpdate,
  ItemsRequest,
} from './schemas/conversations.ts';
import { EmbeddingList, EmbeddingRequest } from './schemas/embeddings.ts';
import { ErrorBody } from './schemas/error.ts';
import { FileDeleted, FileList, FileListQuery, FileObject, FileRequest } from './schemas/files.ts';
import { Health, Version } from './schemas/health.ts';
import { Provider, ProviderList, RouteList, RoutesQuery } from './schemas/inspect.ts';
import { Item } from './schemas/items.ts';
import { Model, ModelList } from './schemas/models.ts';
import { Moderation, ModerationRequest } from './schemas/moderations.ts';
import {
  EventDeleted,
  EventList,
  EventRequest,
  EventUpdate,
  PlannerEvent,
  PlannerQuery,
  Todo,
  TodoDeleted,
  TodoList,
  TodoRequest,
  TodoUpdate,
} from './schemas/planner.ts';
import { ResponseQuery } from './schemas/queries.ts';
import { ResponseEvent } from './schemas/response-events.ts';
import {
  ItemList,
  ItemListQuery,
  ResponseDeleted,
  ResponseObject,
  ResponseRequest,
} from './schemas/responses.ts';
import { Shield, ShieldList, ShieldReply, ShieldRequest } from './schemas/shields.ts';
import {
  AssistantReply,
  AssistantRequest,
  Rewrite,
  RewriteRequest,
  Summary,
  SummaryRequest,
  TaskEvent,
} from './schemas/tasks.ts';
import { TextChunk, TextCompletion, TextRequest } from './schemas/text.ts';
import { VERSION } from './version.ts';

const SCHEMAS = {
  ChatRequest,
  ChatCompletion,
  ChatChunk,
  TextRequest,
  TextCompletion,
  TextChunk,
  EmbeddingRequest,
  EmbeddingList,
  ResponseRequest,
  ResponseObject,
  ResponseEvent,
  ResponseDeleted,
  ItemListQuery,
  ItemList,
  Item,
  ConversationRequest,
  ConversationUpdate,
  Conversation,
  ConversationDeleted,
  ItemsRequest,
  BatchRequest,
  Batch,
  BatchListQuery,
  BatchList,
  FileRequest,
  FileObject,
  FileListQuery,
  FileList,
  FileDeleted,
  SummaryRequest,
  Summary,
  RewriteRequest,
  Rewrite,
  AssistantRequest,
  AssistantReply,
  TaskEvent,
  TodoRequest,
  TodoUpdate,
  Todo,
  TodoList,
  TodoDeleted,
  EventRequest,
  EventUpdate,
  PlannerEvent,
  EventList,
  EventDeleted,
  PlannerQuery,
  ModerationRequest,
  Moderation,
  ShieldRequest,
  ShieldReply,
  Shield,
  ShieldList,
  Model,
  ModelList,
  Health,
  Version,
  RoutesQuery,
  RouteList,
  Provider,
  ProviderList,
  ResponseQuery,
  ErrorBody,
};

/** What the app serves, by Hono's paths. A test holds this against the app's own list. */
const OPERATIONS: Readonly<Record<string, Operation<keyof typeof SCHEMAS>>> = {
  'POST /v1/chat/completions': {
    summary: 'Answers a conversation',
    body: 'ChatRequest',
    reply: 'ChatCompletion',
    event: 'ChatChunk',
  },
  'POST /v1/completions': {
    summary: 'Continues a text',
    body: 'TextRequest',
    reply: 'TextCompletion',
    event: 'TextChunk',
  },
  'POST /v1/responses': {
    summary: 'Answers, and remembers what was said',
    body: 'ResponseRequest',
    reply: 'ResponseObject',
    event: 'ResponseEvent',
  },
  'GET /v1/responses/:id': {
    summary: 'A response that was kept',
    query: 'ResponseQuery',
    reply: 'ResponseObject',
  },
  'DELETE /v1/responses/:id': { summary: 'Deletes a response', reply: 'ResponseDeleted' },
  'GET /v1/responses/:id/input_items': {
    summary: 'Lists what a response was asked',
    query: 'ItemListQuery',
    reply: 'ItemList',
  },
  'POST /v1/responses/:id/cancel': {
    summary: 'Always refused: no response is made in the background',
    reply: 'ResponseObject',
  },
  'POST /v1/conversations': {
    summary: 'Begins a conversation',
    body: 'ConversationRequest',
    reply: 'Conversation',
  },
  'GET /v1/conversations/:id': { summary: 'Describes a conversation', reply: 'Conversation' },
  'POST /v1/conversations/:id': {
    summary: "Replaces a conversation's metadata",
    body: 'ConversationUpdate',
    reply: 'Conversation',
  },
  'DELETE /v1/conversations/:id': {
    summary: 'Deletes a conversation, and its items',
    reply: 'ConversationDeleted',
  },
  'POST /v1/conversations/:id/items': {
    summary: 'Adds items to a conversation',
    body: 'ItemsRequest',
    reply: 'ItemList',
  },
  'GET /v1/conversations/:id/items': {
    summary: 'Lists what was said in a conversation',
    query: 'ItemListQuery',
    reply: 'ItemList',
  },
  'GET /v1/conversations/:id/items/:item': { summary: 'An item of a conversation', reply: 'Item' },
  'DELETE /v1/conversations/:id/items/:item': {
    summary: 'Takes an item out of a conversation',
    reply: 'Conversation',
  },
  'POST /v1/embeddings': {
    summary: 'Makes vectors of texts',
    body: 'EmbeddingRequest',
    reply: 'EmbeddingList',
  },
  'POST /v1/batches': {
    summary: 'Runs the requests of a file while nothing else is asked',
    body: 'BatchRequest',
    reply: 'Batch',
  },
  'GET /v1/batches': {
    summary: 'Lists the batches, newest first',
    query: 'BatchListQuery',
    reply: 'BatchList',
  },
  'GET /v1/batches/:id': { summary: 'Says how far a batch is', reply: 'Batch' },
  'POST /v1/batches/:id/cancel': { summary: 'Stops a batch', reply: 'Batch' },
  'POST /v1/files': { summary: 'Keeps a file', body: 'FileRequest', form: true, reply: 'FileObject' },
  'GET /v1/files': { summary: 'Lists the files', query: 'FileListQuery', reply: 'FileList' },
  'GET /v1/files/:id': { summary: 'Describes a file', reply: 'FileObject' },
  'DELETE /v1/files/:id': { summary: 'Deletes a file', reply: 'FileDeleted' },
  'GET /v1/files/:id/content': { summary: "A file's bytes", reply: 'application/octet-stream' },
  'POST /v1/tasks/summarize': {
    summary: 'Summarizes a text of any length',
    body: 'SummaryRequest',
    reply: 'Summary',
    event: 'TaskEvent',
  },
  'POST /v1/tasks/rewrite': {
    summary: 'Corrects, rewords or translates a text',
    body: 'RewriteRequest',
    reply: 'Rewrite',
    event: 'TaskEvent',
  },
  'POST /v1/tasks/assistant': {
    summary: 'Keeps the to-do list and the calendar',
    body: 'AssistantRequest',
    reply: 'AssistantReply',
    event: 'TaskEvent',
  },
  'GET /v1/tasks/todos': { summary: 'Lists the to-dos', query: 'PlannerQuery', reply: 'TodoList' },
  'POST /v1/tasks/todos': { summary: 'Adds a to-do', body: 'TodoRequest', reply: 'Todo' },
  'POST /v1/tasks/todos/:id': { summary: 'Changes a to-do', body: 'TodoUpdate', reply: 'Todo' },
  'DELETE /v1/tasks/todos/:id': { summary: 'Deletes a to-do', reply: 'TodoDeleted' },
  'GET /v1/tasks/events': { summary: 'Lists the events', query: 'PlannerQuery', reply: 'EventList' },
  'POST /v1/tasks/events': { summary: 'Adds an event', body: 'EventRequest', reply: 'PlannerEvent' },
  'POST /v1/tasks/events/:id': { summary: 'Changes an event', body: 'EventUpdate', reply: 'PlannerEvent' },
  'DELETE /v1/tasks/events/:id': { summary: 'Deletes an event', reply: 'EventDeleted' },
  'GET /v1/tasks/calendar.ics': { summary: 'The events, to subscribe to', reply: 'text/calendar' },
  'POST /v1/moderations': { summary: 'Judges texts', body: 'ModerationRequest', reply: 'Moderation' },
  'POST /v1/safety/run-shield': {
    summary: 'Judges the last turn of a conversation',
    body: 'ShieldRequest',
    reply: 'ShieldReply',
  },
  'GET /v1/shields': { summary: 'Lists the guard, if there is one', reply: 'ShieldList' },
  'GET /v1/shields/:id{.+}': { summary: 'Describes the guard', reply: 'Shield' },
  'GET /v1/models': { summary: 'Lists the models', reply: 'ModelList' },
  'GET /v1/models/:id{.+}': { summary: 'Describes a model', reply: 'Model' },
  'GET /v1/health': {
    summary: 'Says how the engine is',
    reply: 'Health',
    others: { 503: 'Health' },
  },
  'GET /v1/health/live': {
    summary: 'Says whether the server works, or should be started again',
    reply: 'Health',
    others: { 503: 'Health' },
  },
  'GET /v1/health/ready': {
    summary: 'Says whether it can answer now; has it load its model, where it has not',
    reply: 'Health',
    others: { 503: 'Health' },
  },
  'GET /v1/version': { summary: 'Says which version this is', reply: 'Version' },
  'GET /v1/inspect/routes': { summary: 'Lists the routes', query: 'RoutesQuery', reply: 'RouteList' },
  'GET /v1/providers': { summary: 'Says what answers', reply: 'ProviderList' },
  'GET /v1/providers/:id': { summary: 'Says what answers', reply: 'Provider' },
  'GET /metrics': { summary: 'Counts and times, for Prometheus', reply: 'text/plain' },
  'GET /openapi.json': { summary: 'This document', reply: 'application/json' },
};

/** Method and path of each operation, the path as OpenAPI writes it. */
export function listOperations(): { method: string; path: string }[] {
  return Object.keys(OPERATIONS).map((route) => {
    const [method, path] = route.split(' ') as [string, string];
    return { method, path: toTemplate(path) };
  });
}

/** The app as OpenAPI 3.1, made of the very schemas that check requests. */
export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: { title: 'Cria', version: VERSION, description: 'Llama 3.2, behind OpenAI-shaped routes.' },
    ...describeOperations(OPERATIONS, SCHEMAS, 'ErrorBody'),
  };
}
