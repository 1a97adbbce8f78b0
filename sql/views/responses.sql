-- Every response, with the prompt it answers.
-- Columns are named in full: a bare one would be taken for a macro's parameter of that name.
create view responses as
select
    f.role, f.response_id, f.variant, f.question_id,
    f.system_prompt, f.question, f.response,
    f.prompt_token_ids, f.response_token_ids, f.token_source, f.n_prompt_tokens, f.n_response_tokens,
    f.finish_reason, f.seed, f.origin
from {files} as f;
comment on view responses is 'Every response with its prompt; read from the lake';
comment on column responses.response_id is 'variant * {stride} + question_id: with role the response''s identity';
comment on column responses.system_prompt is 'NULL where no system message was sent';
comment on column responses.prompt_token_ids is 'The ids the model was given, template included';
comment on column responses.response_token_ids is 'The ids it answered, the stop token not among them';
comment on column responses.token_source is 'generated: the sampled ids; tokenized: made from text, imported or of a server that gave no ids';
comment on column responses.finish_reason is 'stop, or length where max_tokens was reached';
comment on column responses.seed is 'The response''s own random seed';
comment on column responses.origin is 'The backend that generated it, or imported';
