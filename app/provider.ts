// Llama Stack says of everything which provider it comes from. Here there is one: this server.
export const PROVIDER_ID = 'cria';
export const PROVIDER_TYPE = 'inline::cria';
